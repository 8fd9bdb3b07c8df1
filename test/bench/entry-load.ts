import { type EntryBatch, EntryBatchBuilder } from '@rankscope/schema';

export const runnerCount = 16;
const runnersPerNode = 2;
export const beginUs = 1_790_000_000_000_000;

/** A tensor-parallel model of 30 layers: two collectives a layer, each entered and left, and four slots a token. */
const layers = 30;
const slotsOfLayers = layers * 4;
const slotsPerToken = slotsOfLayers + 4;
const tokensPerTask = 256;
/** Eight tokens a second. */
const usPerSlot = 1_000_000 / 8 / slotsPerToken;
/** Twenty minutes of uptime when the first entry is made. */
const firstMonoNs = 1_200_000_000_000;
const memoryEverySlots = 8 * slotsPerToken;
const longDetailEverySlots = 1_000;

export interface EntryLoad {
  readonly nodeOf: (runner: number) => string;
  /** The next `rows` entries of some runners, of each in one piece, as a node's tail brings them. */
  next(runners: readonly number[], rows: number): EntryBatch;
  /** When the newest entry of a runner was made, microseconds since the epoch. */
  newestUs(runner: number): number;
}

/**
 * Entries as the ranks of one model record them while it decodes, made up: the numbers grow and the words change as they
 * would, nothing is random but a jitter of the times.
 */
export function createEntryLoad(): EntryLoad {
  const next = new Float64Array(runnerCount);
  let noise = 1;
  const jitter = () => {
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return noise % 40;
  };
  const usOf = (slot: number) => beginUs + Math.floor(slot * usPerSlot);
  const nodeOf = (runner: number) => `node-${Math.floor(runner / runnersPerNode)}`;

  const addRow = (builder: EntryBatchBuilder, source: number, slot: number) => {
    const row = builder.row();
    const { columns } = builder;
    const us = usOf(slot) + jitter();
    const token = Math.floor(slot / slotsPerToken);
    const within = slot % slotsPerToken;
    const task = String(Math.floor(token / tokensPerTask)).padStart(12, '0');
    const monoNs = firstMonoNs + (us - beginUs) * 1_000 + (noise % 1_000);
    columns.source[row] = source;
    columns.seq[row] = slot;
    columns.atUs[row] = us;
    columns.taskId[row] = builder.text(`6a4ff0f2-9f0d-4b8e-9a43-${task}`);
    columns.commandId[row] = builder.text(`0195c0de-1234-7abc-8def-${task}`);
    columns.monoHigh[row] = Math.floor(monoNs / 2 ** 32);
    columns.monoLow[row] = monoNs % 2 ** 32;
    if (within < slotsOfLayers) {
      const layer = within >> 2;
      const ordinal = (token * slotsOfLayers + within) >> 1;
      columns.phase[row] = builder.text('decode_stream');
      columns.event[row] = builder.text(within % 2 === 0 ? 'collective_enter' : 'collective_exit');
      columns.op[row] = builder.text('all_sum');
      columns.dtype[row] = builder.text('float32');
      columns.group[row] = 0;
      columns.barrierSeq[row] = ordinal;
      columns.layer[row] = layer;
      columns.bytes[row] = 2_304;
      columns.evalSeq[row] = token * 2 + 1;
      columns.cell[row] = 1;
      columns.detail[row] = builder.text(`all_sum ${ordinal}, layer ${layer}`);
    } else {
      columns.phase[row] = builder.text(within - slotsOfLayers < 2 ? 'decode_stream' : 'decode_barrier');
      columns.event[row] = builder.text(within % 2 === 0 ? 'enter' : 'exit');
    }
    if (slot % longDetailEverySlots === 0)
      columns.detail[row] = builder.text(`why token ${token} took long: ${'peer late, '.repeat(12)}slot ${slot}`);
    if (slot % memoryEverySlots === 0) {
      columns.memoryAtUs[row] = us;
      columns.memoryActive[row] = 540_000_000 + token * 4_096;
      columns.memoryCache[row] = 12_000_000;
      columns.memoryPeak[row] = 600_000_000;
      columns.memorySource[row] = builder.text('mlx.core');
    }
  };

  return {
    nodeOf,
    newestUs: (runner) => usOf(next[runner] ?? 0),
    next(runners, rows) {
      const builder = new EntryBatchBuilder(rows);
      for (const [at, runner] of runners.entries()) {
        const source = builder.source({
          nodeId: nodeOf(runner),
          runnerId: `0195c0de-0000-7000-8000-0000000000${String(runner).padStart(2, '0')}`,
          instanceId: '0195c0de-0000-7000-8000-00000000aaaa',
          modelId: 'smollm2',
          deviceRank: runner,
          worldSize: runnerCount,
          attempt: 1,
          recorder: '',
        });
        const until = Math.floor((rows * (at + 1)) / runners.length);
        while (builder.rows < until) {
          addRow(builder, source, next[runner] ?? 0);
          next[runner] = (next[runner] ?? 0) + 1;
        }
      }
      return builder.build();
    },
  };
}
