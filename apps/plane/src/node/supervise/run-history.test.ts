import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keptRuns, writeRunHistory } from './run-history.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-runs-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test('the recorders of the last runs stay, older ones go', () => {
  for (let run = 0; run < keptRuns + 3; run += 1) {
    writeRunHistory(dir, { instanceId: `i${run}`, runnerIds: [`r${run}`] });
    for (const end of ['ring', 'supervisor.ring', 'log']) writeFileSync(join(dir, `r${run}.${end}`), '');
  }
  const rings = readdirSync(dir).filter((name) => name.endsWith('.ring'));
  expect(rings).toHaveLength(2 * keptRuns);
  expect(rings).not.toContain('r2.ring');
  expect(rings).toContain('r3.supervisor.ring');
});

test('a history that was half written keeps nobody from starting', () => {
  writeFileSync(join(dir, 'runs.json'), '[{"inst');
  writeFileSync(join(dir, 'old.ring'), '');
  writeFileSync(join(dir, 'notes.txt'), 'not ours to remove');
  writeRunHistory(dir, { instanceId: 'i', runnerIds: ['r'] });
  expect(readdirSync(dir).sort()).toEqual(['notes.txt', 'runs.json']);
});
