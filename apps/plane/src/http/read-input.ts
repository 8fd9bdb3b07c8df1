import { nearestName } from '@rankscope/daemon';
import { ProblemError } from '@rankscope/schema';
import { z } from 'zod';
import { findJsonFault } from './json-fault.ts';

/** The query string → what the operation takes. */
export function parseQuery<T extends z.ZodType>(schema: T, query: Readonly<Record<string, string>>): z.output<T> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  throw new ProblemError('bad_query', describeIssues(parsed.error, schema));
}

/** The body → what the operation takes. */
export function parseBody<T extends z.ZodType>(schema: T, text: string): z.output<T> {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new ProblemError('bad_body', describeIssues(parsed.error, schema));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProblemError('bad_json', describeJsonFault(text), { cause });
  }
}

function describeJsonFault(text: string): string {
  const fault = findJsonFault(text);
  if (text.trim() === '') return 'The body is empty; send a JSON object.';
  if (fault === null) return 'The body is not JSON.';
  const { position, line, column } = fault;
  const found = position >= text.length ? 'the text ends there' : `found ${JSON.stringify(text[position])}`;
  return `The body is not JSON at position ${position} (line ${line}, column ${column}): ${found}.`;
}

/** The first few; a body with a thousand faults needs no thousand sentences. */
const shownIssues = 5;

/** One line for all that is wrong: which field, what about it. */
export function describeIssues(error: z.ZodError, schema: z.ZodType): string {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return error.issues
    .slice(0, shownIssues)
    .map((issue) => describeIssue(issue, known))
    .join('; ');
}

function describeIssue(issue: z.core.$ZodIssue, known: readonly string[]): string {
  const path = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  if (issue.code === 'unrecognized_keys') {
    const where = path === '' ? '' : ` in ${path}`;
    return issue.keys
      .map((key) => `unknown key "${key}"${where}${path === '' ? didYouMean(key, known) : ''}`)
      .join('; ');
  }
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}

function didYouMean(key: string, known: readonly string[]): string {
  const near = nearestName(key, known);
  return near === null ? `; known are ${known.join(', ')}` : `; did you mean "${near}"?`;
}
