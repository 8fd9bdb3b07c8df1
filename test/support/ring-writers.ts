// A process that writes some rings as ranks do while they decode: `DIR NODE BOOT FIRST_RANK RINGS PER_SECOND SECONDS`.
// When it ends it says, as JSON, how many entries each runner has.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FlightWriter, openRingWriter } from '@rankscope/flight-recorder';

const [dir = '', nodeId = '', bootId = '', first = '0', count = '1', perSecond = '2000', seconds = '20'] =
  process.argv.slice(2);
const layers = 30;
const tickMs = 5;

const writers = Array.from({ length: Number(count) }, (_, i) => {
  const rank = Number(first) + i;
  const runnerId = randomUUID();
  const identity = { runnerId, nodeId, instanceId: 'bench', modelId: 'bench', rank, worldSize: 16, attempt: 1, bootId };
  const writer = openRingWriter(`${dir}/${runnerId}.ring`, identity);
  writer.setTask({ taskId: randomUUID(), commandId: randomUUID() });
  return { runnerId, writer, written: 0 };
});

/** A tensor-parallel rank: two collectives a layer, entered and left, and a mark a token. */
function record(writer: FlightWriter, n: number): void {
  const barrierSeq = n >> 1;
  writer.record({
    phase: 'decode_stream',
    kind: n % 2 === 0 ? 'enter' : 'exit',
    event: n % 2 === 0 ? 'collective_enter' : 'collective_exit',
    op: 'all_sum',
    group: 0,
    barrierSeq,
    layer: (barrierSeq >> 1) % layers,
    a: 4096,
    b: barrierSeq >> 6,
    dtype: 'float32',
    cell: 1,
  });
}

const startedMs = performance.now();
const endMs = Number(seconds) * 1_000;
for (let atMs = 0; atMs < endMs; atMs = performance.now() - startedMs) {
  const due = Math.floor((atMs / 1_000) * Number(perSecond));
  for (const one of writers) {
    for (; one.written < due; one.written += 1) record(one.writer, one.written);
  }
  await sleep(tickMs);
}
for (const { writer } of writers) writer.close(0);
process.stdout.write(JSON.stringify(Object.fromEntries(writers.map(({ runnerId, written }) => [runnerId, written]))));
