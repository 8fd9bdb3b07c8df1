import type { EntryStore } from './entries/entry-store.ts';
import type { Tail } from './tail/open-tail.ts';

/** The cluster's history, and who brings it. Only the leading plane has it. */
export interface Keeping {
  readonly store: EntryStore;
  readonly tail: Tail;
}
