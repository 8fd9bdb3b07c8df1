import { type RankFailure, switchableDirectory } from './ranks.ts';

/** A rule of the engine, by the name under which the test variant of the addon can be told to break it. */
export type Rule =
  | 'NO_WINDOW'
  | 'BLIND_EXIT_TASKS'
  | 'NO_BLAME'
  | 'JS_FIRST'
  | 'FRESH_THREADS'
  | 'MANY_STRIKES'
  | 'NO_DEADLINES'
  | 'NO_EXIT'
  | 'KEEP_SOCKETS'
  | 'KEEP_FAULTS'
  | 'JS_CLEARS'
  | 'COMPILE'
  | 'CALL_COMPILE'
  | 'ASK_WIRED_LIMIT'
  | 'UNEVEN_PLANS'
  | 'FAR_SENDS';

/** Ranks of the addon's test variant that break these rules and keep all others; none: the variant as it ships. */
export const without = (...rules: readonly Rule[]) => ({
  directory: switchableDirectory,
  env: Object.fromEntries(rules.map((rule) => [`RANKSCOPE_NATIVE_TEST_${rule}`, '1'])),
});

export const rejection = (promise: Promise<unknown> | undefined): Promise<RankFailure | null> =>
  (promise ?? Promise.resolve()).then(
    () => null,
    (error: RankFailure) => error,
  );

/** How a call ends: 'fine', the name of its error, or 'hung' when it has not ended by the deadline. */
export function outcome(promise: Promise<unknown> | undefined, deadlineMs: number): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('hung'), deadlineMs);
    void rejection(promise).then((error) => {
      clearTimeout(timer);
      resolve(error?.name ?? 'fine');
    });
  });
}

/** Resolves when `condition` holds; rejects, naming what it waited for, when it does not within the deadline. */
export async function until(what: string, deadlineMs: number, condition: () => boolean): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what} did not come about within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
