/** The person typed something we do not have: said on standard error, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command could not do what was asked: said on standard error, exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** A shell's convention; scripts tell a typing mistake from a failure by it. */
export const exitCodes = { fine: 0, failed: 1, wrongUsage: 2, critical: 3, interrupted: 130 } as const;
