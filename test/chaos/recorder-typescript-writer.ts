/** recorder-typescript-writer FILE MAIN_COUNT: records as fast as it can until it is killed, as recorder_kill_writer.cc does. */
import { openRingWriter } from '@rankscope/flight-recorder';

const [path, mainCount] = process.argv.slice(2);
if (path === undefined || mainCount === undefined) throw new Error('usage: recorder-typescript-writer FILE MAIN_COUNT');
const identity = { runnerId: 'killed', nodeId: '', instanceId: '', modelId: '', rank: 0, worldSize: 1, attempt: 1 };
const bootId = '00000000-0000-0000-0000-000000000000';
const sizes = { rareCount: 64, memoryCount: 64, mainCount: Number(mainCount) };
const writer = openRingWriter(path, { ...identity, bootId }, sizes);
process.stdout.write('recording\n');
for (let a = 0; ; a += 1) {
  const b = Number(BigInt(a) ^ 0x5a5a_5a5a_5a5an);
  writer.record({ phase: 'decode_stream', kind: 'mark', event: 'progress', a, b, detail: String(a) });
}
