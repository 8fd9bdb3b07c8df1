import { join } from 'node:path';
import type { Log } from '@rankscope/daemon';
import { openDuckDbEntryStore } from './duckdb-entry-store.ts';
import type { EntryStore } from './entry-store.ts';

export interface OpenEntryStoreOptions {
  readonly kind: 'duckdb' | 'memory';
  /** Where the file lies, beside all else that this plane writes. */
  readonly dataDir: string;
  readonly retention: { readonly bytes: number; readonly ms: number };
  readonly wallNs: () => bigint;
  readonly log: Log;
  /** Makes the store that keeps nothing beyond this process. */
  readonly openInMemory: (options: Pick<OpenEntryStoreOptions, 'retention' | 'wallNs'>) => EntryStore;
}

/** Gives the store at once: a file is opened in its own thread, and what comes early waits for it there. */
export function openEntryStore(options: OpenEntryStoreOptions): EntryStore {
  const { kind, dataDir, retention, wallNs, log } = options;
  if (kind === 'memory') return options.openInMemory({ retention, wallNs });
  return openDuckDbEntryStore({ path: join(dataDir, 'entries.duckdb'), retention, wallNs, log });
}
