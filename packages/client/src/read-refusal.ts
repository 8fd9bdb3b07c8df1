import { Problem } from '@rankscope/schema';
import type { FetchFailure } from './fetch-result.ts';
import { mimeOf, parseJson, readText } from './read-body.ts';

/** An error's body is read only for the sentence in it. */
const problemMaxBytes = 64 * 1024;

/** `HTTP 404: There is no rank 7 here.` where the body is a problem, else `HTTP 404`. */
export async function readRefusal(response: Response): Promise<FetchFailure> {
  const text = mimeOf(response).includes('json') ? await readText(response, problemMaxBytes) : null;
  const problem = Problem.safeParse(text === null ? null : parseJson(text)).data ?? null;
  const detail = problem === null ? '' : `: ${problem.detail}`;
  return { kind: 'failed', error: `HTTP ${response.status}${detail}`, status: response.status, problem };
}
