/** Ends an exhaustive `switch`: a case that was forgotten is a compile error; one that arrives anyway is our bug. */
export function assertNever(value: never): never {
  throw new Error(`unhandled case: ${JSON.stringify(value)}`);
}
