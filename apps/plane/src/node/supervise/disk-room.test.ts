import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRingWriter } from '@rankscope/flight-recorder';
import { expect, test } from 'vitest';
import { bytesPerRank, findDiskShortage, readFreeBytes } from './disk-room.ts';

test('a disk that is too full is refused with how much to free, and where', () => {
  const freeBytes = 10 * 1024 * 1024;
  expect(findDiskShortage({ path: '/data/runners', freeBytes, ranks: 2 })).toBe(
    'the recorders and logs of 2 ranks need 28 MiB at /data/runners, 10 MiB are free: free 18 MiB there, or choose another place with --data DIR.',
  );
  expect(findDiskShortage({ path: '/data/runners', freeBytes: 2 * bytesPerRank, ranks: 2 })).toBeNull();
});

test('what is reckoned for a rank holds its recorder and its log', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-disk-'));
  const bootId = '8c6f5b7e-5c0e-4d7e-9d0e-3f4f0f5b9f10';
  const names = { runnerId: 'r', nodeId: 'n', instanceId: 'i', modelId: 'm' };
  openRingWriter(join(dir, 'a.ring'), { ...names, rank: 0, worldSize: 1, attempt: 1, bootId }).close(0);
  const logBytes = 4 * 1024 * 1024;
  expect(statSync(join(dir, 'a.ring')).size + logBytes).toBeLessThan(bytesPerRank);
  expect(readFreeBytes(dir)).toBeGreaterThan(0);
  expect(readFreeBytes(join(dir, 'none'))).toBe(Number.POSITIVE_INFINITY);
  rmSync(dir, { recursive: true });
});
