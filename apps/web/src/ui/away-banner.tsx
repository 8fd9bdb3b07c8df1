'use client';
import { formatSeconds } from '../format.ts';
import { type FeedState, nowOf } from '../live/feed.ts';
import { useLive } from '../live/live-context.tsx';

/** The plane does not answer. What was last seen stays, dimmed; this says how old it is and tries again on request. */
export function AwayBanner({ state, clockMs }: { readonly state: FeedState; readonly clockMs: number }) {
  const { feed } = useLive();
  const { connection, received } = state;
  if (connection.kind !== 'reconnecting') return null;
  const { staleSeconds } = nowOf(state, clockMs);
  if (received !== null && staleSeconds === 0) return null;
  const age = received === null ? 'Nothing was received yet.' : `What is shown is ${formatSeconds(staleSeconds)} old.`;
  const wait =
    connection.retryAtMs === null
      ? ''
      : ` Next attempt in ${formatSeconds(Math.max(0, connection.retryAtMs - clockMs) / 1000)}.`;
  return (
    <div
      role="status"
      className="mx-2 mb-2 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-md border border-line bg-warning-wash px-3 py-2 sm:mx-3"
    >
      <p className="min-w-0 flex-1 break-words text-ink">
        <strong className="font-semibold text-warning">The plane does not answer.</strong> {age}
        {wait} <span className="text-ink2">{connection.error}</span>
      </p>
      <button type="button" className="control" onClick={() => feed.retryNow()}>
        Retry now
      </button>
    </div>
  );
}
