import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { CommandError } from './usage-error.ts';

/** A file of JSON in a shape, or a sentence that says where it is not. */
export function readJsonFile<T>(path: string, schema: z.ZodType<T>, what: string): T {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CommandError(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const shown = parsed.error.issues.slice(0, shownIssues).map(({ path: at, message }) => `${at.join('.')}: ${message}`);
  throw new CommandError(`${path} is no ${what}: ${shown.join('; ')}`);
}

const shownIssues = 5;
