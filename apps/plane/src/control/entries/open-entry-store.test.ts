import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@rankscope/daemon';
import { afterAll, expect, test } from 'vitest';
import type { EntryStore } from './entry-store.ts';
import { openEntryStore } from './open-entry-store.ts';

const dir = mkdtempSync(join(tmpdir(), 'rankscope-store-'));
afterAll(() => rmSync(dir, { recursive: true }));
const common = {
  dataDir: dir,
  retention: { bytes: 2 ** 30, ms: 1e9 },
  wallNs: () => 0n,
  log: createLog({ level: 'error', wallNs: () => 0n }),
};
const neverAsked = (): EntryStore => {
  throw new Error('nobody asked for a store in memory');
};

test('a file is opened beside what the plane does: the plane does not wait for it', async () => {
  const started = performance.now();
  const store = openEntryStore({ ...common, kind: 'duckdb', openInMemory: neverAsked });
  const tookMs = performance.now() - started;
  expect(existsSync(join(dir, 'entries.duckdb'))).toBe(false);
  expect((await store.facts()).problem).toBeNull();
  const openMs = performance.now() - started;
  expect(tookMs).toBeLessThan(openMs / 2);
  await store.close();
  expect(existsSync(join(dir, 'entries.duckdb'))).toBe(true);
});

test('a store in memory is made with the retention, and nothing is opened', () => {
  const made = openEntryStore({
    ...common,
    kind: 'memory',
    dataDir: '/nowhere',
    openInMemory: ({ retention }) => ({ retention }) as unknown as EntryStore,
  });
  expect(made).toEqual({ retention: common.retention });
});
