import { type EntryBatch, textAt, valueAt } from '@rankscope/schema';

/** What an entry says of a collective or of a send or receive. */
export type RowKind = 'arrive' | 'leave' | 'wait_peer' | 'peer_done' | 'other';

/** One entry, as far as diagnosis reads it. Numbers are −1 and texts null where the entry does not say. */
export interface Row {
  readonly seq: number;
  readonly atUs: number;
  readonly kind: RowKind;
  readonly phase: string;
  readonly event: string;
  readonly taskId: string | null;
  readonly group: number;
  readonly ordinal: number;
  readonly op: string | null;
  readonly dtype: string | null;
  readonly bytes: number;
  readonly evalSeq: number;
  readonly layer: number;
  readonly peers: readonly number[];
  readonly chunkIndex: number;
  readonly chunkTotal: number;
  readonly dropped: number;
  readonly cell: number;
  readonly promptTokens: number;
}

const nobody: readonly number[] = [];
const enters = new Set(['enter', 'collective_enter']);
const leaves = new Set(['exit', 'collective_exit', 'collective_failed', 'error', 'exception', 'cancel_observed']);

/** Row `at` of a batch. */
export function rowAt(batch: EntryBatch, at: number): Row {
  const event = textAt(batch, 'event', at) ?? '';
  const op = textAt(batch, 'op', at);
  const ordinal = valueAt(batch, 'barrierSeq', at);
  const more = moreAttrs(batch, at);
  const peers = peersOf(batch, at, more);
  return {
    seq: valueAt(batch, 'seq', at),
    atUs: valueAt(batch, 'atUs', at),
    kind: kindOf(event, op, ordinal, peers),
    phase: textAt(batch, 'phase', at) ?? '',
    event,
    taskId: textAt(batch, 'taskId', at),
    group: valueAt(batch, 'group', at),
    ordinal,
    op,
    dtype: textAt(batch, 'dtype', at),
    bytes: valueAt(batch, 'bytes', at),
    evalSeq: valueAt(batch, 'evalSeq', at),
    layer: valueAt(batch, 'layer', at),
    peers,
    chunkIndex: valueAt(batch, 'chunkIndex', at),
    chunkTotal: valueAt(batch, 'chunkTotal', at),
    dropped: Math.max(0, valueAt(batch, 'dropped', at)),
    cell: Math.max(0, valueAt(batch, 'cell', at)),
    promptTokens: typeof more?.promptTokens === 'number' ? more.promptTokens : -1,
  };
}

function kindOf(event: string, op: string | null, ordinal: number, peers: readonly number[]): RowKind {
  if (op === 'send' || op === 'recv')
    return enters.has(event) ? 'wait_peer' : leaves.has(event) ? 'peer_done' : 'other';
  // Recorders that do not number sends and receives say in words that they wait.
  if (peers.length > 0) return leaves.has(event) ? 'peer_done' : 'wait_peer';
  if (ordinal < 0) return 'other';
  return enters.has(event) ? 'arrive' : leaves.has(event) ? 'leave' : 'other';
}

/** Attributes without a column: rare, so they are parsed only where one of them is read. */
function moreAttrs(batch: EntryBatch, at: number): Readonly<Record<string, unknown>> | null {
  const text = textAt(batch, 'attrs', at);
  if (text === null || !(text.includes('"waitingOn"') || text.includes('"promptTokens"'))) return null;
  return JSON.parse(text) as Record<string, unknown>;
}

/** One peer stands in its column; several are a list of decimal texts. */
function peersOf(batch: EntryBatch, at: number, more: Readonly<Record<string, unknown>> | null): readonly number[] {
  const one = valueAt(batch, 'waitingOn', at);
  if (one >= 0) return [one];
  const several = more?.waitingOn;
  if (!Array.isArray(several)) return nobody;
  return several.map(Number).filter((rank) => Number.isInteger(rank) && rank >= 0);
}
