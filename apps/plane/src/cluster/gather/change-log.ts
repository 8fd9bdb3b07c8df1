import type { TimelineChange } from '@rankscope/schema';

/** The newest changes of a live timeline, numbered, for whoever is a little behind or comes back. */
export interface ChangeLog {
  /** Number of the newest change; 0 before the first. */
  readonly last: number;
  add(change: TimelineChange): void;
  /** The change after number `n`; null when there is none yet, undefined when it is no longer here. */
  after(n: number): TimelineChange | null | undefined;
}

/** Ten seconds of a busy cluster at five changes a second. */
const maxChanges = 50;
/** Some 25 MB: a cluster that writes faster keeps less time. */
const maxEntries = 50_000;

export function createChangeLog(): ChangeLog {
  const kept: TimelineChange[] = [];
  let last = 0;
  let entries = 0;
  return {
    get last() {
      return last;
    },
    add(change) {
      last += 1;
      kept.push(change);
      entries += entriesIn(change);
      while (kept.length > maxChanges || (entries > maxEntries && kept.length > 1)) {
        const [oldest] = kept.splice(0, 1);
        if (oldest) entries -= entriesIn(oldest);
      }
    },
    after(n) {
      if (n === last) return null;
      return n > last ? undefined : kept[n - (last - kept.length)];
    },
  };
}

function entriesIn(change: TimelineChange): number {
  return change.kind === 'delta' ? change.entries.length : change.timeline.timeline.length;
}
