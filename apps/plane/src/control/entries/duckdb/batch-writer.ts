import type { EntryBatch } from '@rankscope/schema';
import type { Book } from './book.ts';
import type { EntryAppender } from './entry-appender.ts';
import { fitsShifted, rareFacts } from './rare-facts.ts';
import type { ShapeKey } from './shape-book.ts';
import { countedSeq, type Sieved } from './sieve.ts';
import { saysItsSite } from './site-detail.ts';
import { detailOfSite } from './tables.ts';

const two32 = 2 ** 32;
const unmapped = -1;

/** Writes rows of a batch into the hour's table, part by part, in the order given. */
export function createBatchWriter(batch: EntryBatch, book: Book, appender: EntryAppender): (sieved: Sieved) => void {
  const { columns: from, strings } = batch;
  const { shapes, jobs, texts } = book;
  shapes.beginBatch();
  const words = new Int32Array(strings.length).fill(unmapped);
  const wordAt = (at: number) => {
    if (words[at] === unmapped) words[at] = shapes.wordOf(strings[at] ?? '');
    return words[at] ?? 0;
  };
  const textIds = new Int32Array(strings.length).fill(unmapped);
  const textAt = (at: number) => {
    if (textIds[at] === unmapped) textIds[at] = texts.idOf(strings[at] ?? '');
    return textIds[at] ?? 0;
  };
  const key: ShapeKey = {
    phase: 0,
    event: 0,
    op: 0,
    dtype: 0,
    group: 0,
    cell: 0,
    layer: 0,
    waitingOn: 0,
    bytes: 0,
  };
  let task = -1;
  let command = -1;
  let job = 0;

  return ({ kept, recorders }) => {
    for (const row of kept) {
      const to = appender.row();
      appender.source[to] = recorders[from.source[row] ?? 0]?.id ?? 0;
      putWhole(appender.seq, to, countedSeq(from.seq[row] ?? -1));
      putWhole(appender.atUs, to, Math.round(from.atUs[row] ?? 0));

      key.phase = wordAt(from.phase[row] ?? 0);
      key.event = wordAt(from.event[row] ?? 0);
      key.op = wordAt(from.op[row] ?? 0);
      key.dtype = wordAt(from.dtype[row] ?? 0);
      key.group = from.group[row] ?? -1;
      key.cell = from.cell[row] ?? -1;
      key.layer = from.layer[row] ?? -1;
      key.waitingOn = from.waitingOn[row] ?? -1;
      key.bytes = from.bytes[row] ?? -1;
      const shape = shapes.find(key);
      appender.shape[to] = shapes.idAt(shape);

      if (from.taskId[row] !== task || from.commandId[row] !== command) {
        task = from.taskId[row] ?? 0;
        command = from.commandId[row] ?? 0;
        job = jobs.idOf(strings[task] ?? '', strings[command] ?? '');
      }
      appender.job[to] = job;

      const ordinal = from.barrierSeq[row] ?? -1;
      const detail = from.detail[row] ?? 0;
      const frame = detail === 0 ? null : shapes.frameAt(shape);
      const derived = frame !== null && saysItsSite(strings[detail] ?? '', frame, ordinal);
      appender.detail[to] = detail === 0 ? 0 : derived ? detailOfSite : textAt(detail);

      const step = from.evalSeq[row] ?? -1;
      appender.barrier[to] = shifted(ordinal);
      appender.eval[to] = shifted(step);
      putMono(appender.mono, to, from.monoHigh[row] ?? -1, from.monoLow[row] ?? 0);

      const facts = hasRareFacts(batch, row) ? rareFacts(batch, row) : null;
      appender.extra[to] = facts === null ? 0 : texts.idOf(facts);
    }
  };
}

/** Asked of every row, so it only looks; {@link rareFacts} says what there is. */
function hasRareFacts({ columns }: EntryBatch, row: number): boolean {
  const seq = columns.seq[row] ?? -1;
  return (
    columns.attrs[row] !== 0 ||
    (columns.memoryAtUs[row] ?? -1) >= 0 ||
    (columns.chunkIndex[row] ?? -1) >= 0 ||
    (columns.chunkTotal[row] ?? -1) >= 0 ||
    (columns.dropped[row] ?? -1) >= 0 ||
    !fitsShifted(columns.barrierSeq[row] ?? -1) ||
    !fitsShifted(columns.evalSeq[row] ?? -1) ||
    (seq >= 0 && countedSeq(seq) < 0)
  );
}

/** One more than it is, so that none is 0; also 0 where it does not fit and stands among the rare facts. */
function shifted(value: number): number {
  return value < 0 || !fitsShifted(value) ? 0 : value + 1;
}

/** A whole number of at most 53 bits, as two halves in two's complement. */
function putWhole(halves: Uint32Array, at: number, value: number): void {
  halves[2 * at] = value % two32;
  halves[2 * at + 1] = Math.floor(value / two32);
}

function putMono(halves: Uint32Array, at: number, high: number, low: number): void {
  const none = high < 0;
  const carry = low === two32 - 1;
  halves[2 * at] = none || carry ? 0 : low + 1;
  halves[2 * at + 1] = none ? 0 : carry ? high + 1 : high;
}
