import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LockedError, openLockFile } from './lock-file.ts';

const bootId = '00000000-0000-4000-8000-000000000001';
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const open = (pid: number, alive: readonly number[], boot = bootId) =>
  openLockFile({ path: join(dir, 'lock'), bootId: boot, pid, isAlive: (other) => alive.includes(other) });

test('a second live process is refused, with the pid of the first', () => {
  open(11, [11]);
  expect(() => open(12, [11, 12])).toThrow(LockedError);
  expect(() => open(12, [11, 12])).toThrow(/pid 11/);
});

test('a dead owner gives way, and so does one from before a reboot', () => {
  open(11, [11]);
  open(12, [12]);
  expect(() => open(13, [12, 13])).toThrow(/pid 12/);
  open(13, [12, 13], '00000000-0000-4000-8000-000000000002');
});

test('a file that is not ours gives way', () => {
  writeFileSync(join(dir, 'lock'), 'rubbish');
  expect(() => open(11, [11])).not.toThrow();
});

test('closing frees it and leaves nothing behind, and never removes the lock of another', () => {
  const first = open(11, []);
  const second = open(12, []);
  first.close();
  expect(() => open(13, [12, 13])).toThrow(/pid 12/);
  second.close();
  expect(readdirSync(dir)).toEqual([]);
});

test('this process is alive by the default look', () => {
  openLockFile({ path: join(dir, 'lock'), bootId });
  expect(() => openLockFile({ path: join(dir, 'lock'), bootId, pid: 1 })).toThrow(LockedError);
});
