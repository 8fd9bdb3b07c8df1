import type { FedChange, WatchOptions } from '../cluster/gather/timeline-feed.ts';
import type { Context } from './context.ts';

/** A snapshot, then what changes. Whoever comes back soon is given what it missed. */
export function watchTimeline({ feed }: Context, options: WatchOptions): AsyncGenerator<FedChange> {
  return feed.watch(options);
}
