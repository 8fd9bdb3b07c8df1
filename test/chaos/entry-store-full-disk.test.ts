import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@rankscope/daemon';
import { afterAll, expect, test } from 'vitest';
import { openDuckDbEntryStore } from '../../apps/plane/src/control/entries/duckdb-entry-store.ts';
import { StoreUnavailableError } from '../../apps/plane/src/control/entries/entry-store.ts';
import {
  batchOf,
  everything,
  numbersOf,
  recorder,
  run,
  tailed,
} from '../../apps/plane/src/control/entries/stored-entries.contract.ts';

// A disk of a few megabytes, in memory, so that it can be filled and emptied.
const dir = mkdtempSync(join(tmpdir(), 'rankscope-disk-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', dir]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', [dir]);
  rmSync(dir, { recursive: true });
});

const rows = 5_000;
const leftFree = 3 * 1024 * 1024;

test.skipIf(!mounted)(
  'on a full disk rows are refused and counted, and with room again the store goes on (skipped where nothing can be mounted)',
  async () => {
    const lines: string[] = [];
    const store = openDuckDbEntryStore({
      path: join(dir, 'entries.duckdb'),
      retention: { bytes: 2 ** 30, ms: 1e10 },
      wallNs: () => BigInt(Date.now()) * 1_000_000n,
      log: createLog({ level: 'info', wallNs: () => 0n, write: (line) => void lines.push(line) }),
    });
    const keep = (from: number) =>
      store.append(
        tailed(batchOf([recorder('runner-1'), run(from, from + rows - 1)]), { cursor: String(from + rows) }),
      );
    const outcome = (from: number) =>
      keep(from).then(
        () => null,
        (error: unknown) => error,
      );
    let next = 0;
    try {
      await keep(next);
      next += rows;
      const { bavail, bsize } = statfsSync(dir);
      writeFileSync(join(dir, 'filler'), Buffer.alloc(bavail * bsize - leftFree));

      let refusal: unknown = null;
      for (let turn = 0; turn < 200 && refusal === null; turn += 1) {
        refusal = await outcome(next);
        if (refusal === null) next += rows;
      }
      expect(refusal).toBeInstanceOf(StoreUnavailableError);
      expect(String(refusal)).toMatch(/no space left/i);
      const full = await store.facts();
      expect(full.lostRows).toBeGreaterThanOrEqual(rows);
      expect(full.problem).toMatch(/no space left/i);
      expect(lines.join('')).toMatch(/error the store of entries failed .*No space left/);

      // What is on disk can still be read, and agrees with the cursor.
      const readable = () =>
        store.query({ ...everything, limitPerRunner: 3 }).then(({ batch }) => numbersOf(batch), String);
      const newest = (end: number) => [3, 2, 1].map((n) => `runner-1 ${end - n}`);
      await expect.poll(readable, { timeout: 20_000 }).toEqual(newest(next));
      expect(await store.cursorOf('node-a')).toBe(String(next));

      rmSync(join(dir, 'filler'));
      await expect.poll(() => outcome(next), { timeout: 60_000, interval: 250 }).toBeNull();
      next += rows;
      const mended = await store.facts();
      expect(mended).toMatchObject({ rows: next, problem: null, doubleRows: 0 });
      expect(await readable()).toEqual(newest(next));
      expect(await store.cursorOf('node-a')).toBe(String(next));
    } finally {
      await store.close();
    }
  },
);
