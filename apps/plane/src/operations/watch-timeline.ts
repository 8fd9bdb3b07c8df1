import type { TimelineChange, TimelineQuery } from '@rankscope/schema';
import type { Context } from './context.ts';

/** A snapshot, then what changes. Begins again with a snapshot whenever a watcher comes back. */
export function watchTimeline(
  { feed }: Context,
  query: TimelineQuery,
  signal: AbortSignal,
): AsyncGenerator<TimelineChange> {
  return feed.watch(query, signal);
}
