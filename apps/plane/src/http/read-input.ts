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

/** One line for all that is wrong: which field, what about it. The schema knows which keys there are and their bounds. */
export function describeIssues(error: z.core.$ZodError, schema?: z.ZodType): string {
  const fields = schema instanceof z.ZodObject ? schema.shape : {};
  return error.issues
    .slice(0, shownIssues)
    .map((issue) => describeIssue(issue, fields))
    .join('; ');
}

function describeIssue(issue: z.core.$ZodIssue, fields: z.core.$ZodShape): string {
  const path = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  if (issue.code === 'unrecognized_keys') {
    const where = path === '' ? '' : ` in ${path}`;
    const known = Object.keys(fields);
    return issue.keys
      .map((key) => `unknown key "${key}"${where}${path === '' ? didYouMean(key, known) : ''}`)
      .join('; ');
  }
  const field = issue.path.length === 1 ? fields[String(issue.path[0])] : undefined;
  const message = (field && wholeNumber(field)) ?? issue.message;
  return path === '' ? message : `${path}: ${message}`;
}

/** What a field wants that takes a whole number within bounds; null for any other. Zod speaks of int and NaN. */
function wholeNumber(field: z.core.$ZodType): string | null {
  const { type, anyOf, minimum, maximum } = z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' });
  // "May be null" is a union of the number and null.
  const inner = type === undefined && anyOf?.length === 2 ? anyOf[0] : { type, minimum, maximum };
  if (inner?.type !== 'integer' || inner.minimum === undefined || inner.maximum === undefined) return null;
  const most = inner.maximum === Number.MAX_SAFE_INTEGER ? ' up' : ` to ${inner.maximum}`;
  return `must be a whole number from ${inner.minimum}${most}`;
}

function didYouMean(key: string, known: readonly string[]): string {
  const near = nearestName(key, known);
  if (near !== null) return `; did you mean "${near}"?`;
  return known.length === 0 ? '' : `; known are ${known.join(', ')}`;
}
