/** Ends an exhaustive `switch`: a case that was forgotten is a compile error; one that arrives anyway is our bug. */
export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}

/** Stops the process's current work when something we rely on does not hold. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}
