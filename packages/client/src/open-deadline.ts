export interface Deadline {
  readonly signal: AbortSignal;
  expired(): boolean;
  /** From here on the deadline no longer counts; the caller's signal still does. */
  met(): void;
  /** Ends whatever still runs under the signal. */
  close(): void;
}

/**
 * One signal for "too late" and "the caller gave up".
 *
 * Not `AbortSignal.any([AbortSignal.timeout(…), signal])`: its timer cannot be taken back, so every answered request
 * would leave one behind until the deadline it no longer needs.
 */
export function openDeadline(deadlineMs: number, outer: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort();
  }, deadlineMs);
  const follow = () => controller.abort();
  if (outer?.aborted) follow();
  else outer?.addEventListener('abort', follow, { once: true });

  return {
    signal: controller.signal,
    expired: () => expired,
    met: () => clearTimeout(timer),
    close(): void {
      clearTimeout(timer);
      outer?.removeEventListener('abort', follow);
      controller.abort();
    },
  };
}
