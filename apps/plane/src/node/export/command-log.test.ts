import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openCommandLog } from './command-log.ts';

const dir = mkdtempSync(join(tmpdir(), 'rankscope-commands-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('what a killed plane had taken is there for the next, what was told of is not', () => {
  const path = join(dir, 'commands.jsonl');
  const command = (id: string) => ({ commandId: id, kind: 'chat', atNs: 1_700_000_000_123_456_789n });
  const first = openCommandLog(path);
  expect(first.left).toEqual([]);
  first.add(command('a'));
  first.clear();
  first.add(command('b'));
  first.add(command('c'));
  first.close();
  // The plane died in the middle of a line.
  appendFileSync(path, '{"commandId":"d","ki');
  const next = openCommandLog(path);
  expect(next.left).toEqual([command('b'), command('c')]);
  next.clear();
  next.close();
  expect(readFileSync(path, 'utf8')).toBe('');
});
