'use client';
import { formatSeconds } from '../format.ts';
import { type FeedState, nowOf } from '../live/feed.ts';
import { useFeed } from '../live/live-context.tsx';

function wordsOf(state: FeedState, clockMs: number): { text: string; healthy: boolean } {
  const { connection, received } = state;
  const { staleSeconds } = nowOf(state, clockMs);
  const age = received === null || staleSeconds === 0 ? '' : `, data ${formatSeconds(staleSeconds)} old`;
  switch (connection.kind) {
    case 'connecting':
      return { text: 'Connecting', healthy: false };
    case 'hidden':
      return { text: 'Paused while hidden', healthy: false };
    case 'reconnecting':
      return { text: `Reconnecting (${connection.attempts})${age}`, healthy: false };
    case 'live':
      return age === '' ? { text: 'Live', healthy: true } : { text: `Connected${age}`, healthy: false };
  }
}

/** Whether what is shown is the present. A dot is never the only sign. */
export function ConnectionChip() {
  const { state, clockMs } = useFeed();
  const { text, healthy } = wordsOf(state, clockMs);
  return (
    <span className="flex h-7 items-center gap-2 px-1 type-small text-ink2" data-testid="connection">
      <svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
        {healthy ? (
          <circle cx="4" cy="4" r="4" fill="var(--ok-text)" />
        ) : (
          <circle cx="4" cy="4" r="3" fill="none" stroke="var(--warning-text)" strokeWidth="2" />
        )}
      </svg>
      {text}
    </span>
  );
}
