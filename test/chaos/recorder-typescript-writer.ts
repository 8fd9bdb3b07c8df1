/** recorder-typescript-writer FILE MAIN_COUNT: records as fast as it can until it is killed, as recorder_kill_writer.cc does. */
import { openRingWriter } from '@rankscope/flight-recorder';

const [path, mainCount] = process.argv.slice(2);
if (path === undefined || mainCount === undefined) throw new Error('usage: recorder-typescript-writer FILE MAIN_COUNT');
const identity = { runnerId: 'killed', nodeId: '', instanceId: '', modelId: '', rank: 0, worldSize: 1, attempt: 1 };
const bootId = '00000000-0000-0000-0000-000000000000';
const sizes = { rareCount: 64, memoryCount: 64, mainCount: Number(mainCount), stringsBytes: 2 ** 20 };
const writer = openRingWriter(path, { ...identity, bootId }, sizes);
for (let a = 0; ; a += 1) {
  // As many as are looked at afterwards: on a busy machine it would have recorded a few hundred by the kill.
  if (a === 4096) process.stdout.write('recording\n');
  const b = Number(BigInt(a) ^ 0x5a5a_5a5a_5a5an);
  writer.record({
    phase: 'decode_stream',
    kind: 'mark',
    event: 'progress',
    a,
    b,
    detail: a % 32 === 0 ? `${a}, which is a text that no slot can hold` : String(a),
  });
}
