/** How one question to a node ended. */
export type TailOutcome =
  | { readonly kind: 'kept'; readonly rows: number; readonly more: boolean; readonly tookMs: number }
  /** `times`: in a row, this one included. */
  | { readonly kind: 'failed'; readonly times: number }
  | { readonly kind: 'refused' }
  /** The node is somewhere else by now. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'store full' };

/** A question begins so long after the one before: entries reach the store in well under the half second they may take. */
export const cadenceMs = 200;
const firstRetryMs = 250;
/** A node that is gone for the night is asked twelve times a minute, and is heard within five seconds when it is back. */
export const lastRetryMs = 5_000;
/** The store writes what it has in about this time. */
const storeFullMs = 500;

/** How long to wait before the node is asked again. */
export function planPauseMs(outcome: TailOutcome): number {
  switch (outcome.kind) {
    case 'kept':
      // "More" without any row would be asked for without end.
      return outcome.more && outcome.rows > 0 ? 0 : Math.max(0, cadenceMs - outcome.tookMs);
    case 'failed':
      return Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(outcome.times - 1, 10));
    case 'moved':
      return 0;
    case 'refused':
      return lastRetryMs;
    case 'store full':
      return storeFullMs;
  }
}
