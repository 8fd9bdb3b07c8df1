import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@rankscope/daemon';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AppendRequest } from './duckdb/store-messages.ts';
import { StoreUnavailableError } from './entry-store.ts';
import { openStoreThread, type StoreThread } from './store-thread.ts';

let dir: string;
let thread: StoreThread;
let lines: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-store-'));
  lines = [];
  thread = openStoreThread({
    settings: { path: join(dir, 'entries.duckdb'), retention: { bytes: 2 ** 30, ms: 1e9 } },
    nowMs: () => Date.now(),
    log: createLog({ level: 'info', wallNs: () => 0n, write: (line) => void lines.push(line) }),
  });
});
afterEach(async () => {
  await thread.close();
  rmSync(dir, { recursive: true });
});

const cursor = () => thread.ask((id) => ({ type: 'cursorOf', id, nodeId: 'node-a' })).then(({ type }) => type, String);
/** A message that no code of ours sends: the thread has no way to go on. */
const kill = () =>
  thread.ask(
    (id) => ({ type: 'append', id, nowMs: 0, nodeId: 'n', cursor: '', diagnostics: null }) as unknown as AppendRequest,
  );
const openFiles = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(dir);
    } catch {
      return false;
    }
  }).length;

test('when the thread dies what it was asked is rejected, and another takes over the file', async () => {
  expect(await cursor()).toBe('cursor');
  await expect(kill()).rejects.toBeInstanceOf(StoreUnavailableError);
  expect(thread.problem()).toMatch(/the thread of the entry store died/);
  expect(lines.join('')).toMatch(/error the thread of the entry store died .*againInMs=1000/);
  expect(await cursor()).toMatch(/StoreUnavailableError: the thread of the entry store died/);
  expect(openFiles(), 'the file of the dead thread is closed').toBe(0);
  await expect.poll(cursor, { timeout: 10_000, interval: 100 }).toBe('cursor');
  expect(thread.problem()).toBeNull();
});

test('a store whose thread is dead closes at once', async () => {
  await expect(kill()).rejects.toBeInstanceOf(StoreUnavailableError);
  const started = performance.now();
  await thread.close();
  expect(performance.now() - started).toBeLessThan(1_000);
});
