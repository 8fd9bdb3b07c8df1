import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBinding } from '../../native/lib/index.ts';

const rounds = 300;
const batch = 500;

/**
 * Median ns of a slot together with the now-cell that goes with it, called from JavaScript: more than any slot of the
 * engine's own costs, which crosses no border and often changes no cell.
 */
export function measureSlot(): number {
  const data = mkdtempSync(join(tmpdir(), 'rankscope-slot-'));
  const recorder = loadBinding().openRecorder({
    path: join(data, 'slot.ring'),
    runnerId: 'bench',
    nodeId: 'bench',
    instanceId: 'bench',
    modelId: 'bench',
    bootId: '00000000-0000-4000-8000-000000000001',
    rank: 0,
    worldSize: 1,
    attempt: 1,
    rareCount: 1024,
    memoryCount: 4096,
    mainCount: 65536,
    stringsBytes: 262_144,
  });
  const once = () => {
    recorder.record(16, 1, 1, 0, 0, 17, 1, 1, 0, -1, 123_456, 2304, 7, null);
    recorder.now(1, 16, 1, 0, 17, -1, 123_456, 0n, 'all_sum');
  };
  for (let i = 0; i < 65_536; i += 1) once();
  const samples = Array.from({ length: rounds }, () => {
    const started = performance.now();
    for (let i = 0; i < batch; i += 1) once();
    return ((performance.now() - started) * 1e6) / batch;
  });
  recorder.close(0);
  rmSync(data, { recursive: true, force: true });
  return samples.toSorted((a, b) => a - b)[rounds / 2] ?? Number.NaN;
}
