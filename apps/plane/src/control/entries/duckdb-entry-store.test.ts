import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@rankscope/daemon';
import { afterAll } from 'vitest';
import { openDuckDbEntryStore } from './duckdb-entry-store.ts';
import { describeEntryStore } from './entry-store.contract.ts';

const dir = mkdtempSync(join(tmpdir(), 'rankscope-store-'));
afterAll(() => rmSync(dir, { recursive: true }));
const log = createLog({ level: 'error', wallNs: () => 0n });
/** As much as is quick to make. */
const maxQueuedRows = 20_000;
let files = 0;

describeEntryStore(
  'the store in DuckDB',
  (options) => {
    files += 1;
    return openDuckDbEntryStore({ ...options, path: join(dir, `${files}.duckdb`), log, maxQueuedRows });
  },
  { tooManyRows: 2 * maxQueuedRows },
);
