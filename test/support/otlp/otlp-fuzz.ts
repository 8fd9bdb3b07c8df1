import { isDeepStrictEqual } from 'node:util';
import { decodeEntryBatch, encodeEntryBatch, entryAt } from '@rankscope/schema';
import { createOtlpReader, OtlpError, type OtlpSignal } from '@rankscope/telemetry/intake';
import { readProtoLogs } from '../../../packages/telemetry/src/intake/proto-logs.ts';
import { readProtoTraces } from '../../../packages/telemetry/src/intake/proto-traces.ts';
import { otlpType } from './otlp-types.ts';
import { damage, Random, RandomOtlp } from './random-otlp.ts';
import { logRecordsOf, type RecordSnapshot, SnapshotSink, spansOf } from './record-snapshot.ts';

const theirs = {
  traces: { type: otlpType('ExportTraceServiceRequest'), records: spansOf },
  logs: { type: otlpType('ExportLogsServiceRequest'), records: logRecordsOf },
} as const;
const ours = { traces: readProtoTraces, logs: readProtoLogs } as const;

export interface FuzzResult {
  readonly messages: number;
  readonly malformed: number;
  readonly records: number;
  readonly rows: number;
}

/** A time that all messages are near to, so that a seed means the same on every day. */
const nowNs = 1_795_000_000_000_000_000n;

/**
 * Holds our decoder against another one on mutated messages: both take a message or neither does, and both read the same
 * out of it. Then the whole way to rows, which may refuse a message and nothing else. Throws with the seed of the first
 * message that goes wrong.
 */
export function fuzzOtlp(options: { seed: number; messages: number }): FuzzResult {
  const { stackTraceLimit } = Error;
  // Most messages are malformed, and both decoders throw: a stack trace costs more than all the rest.
  Error.stackTraceLimit = 0;
  try {
    return holdAgainst(options);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function holdAgainst({ seed, messages }: { seed: number; messages: number }): FuzzResult {
  const reader = createOtlpReader({ nowUs: () => Number(nowNs / 1000n), knowsRunner: () => false });
  const result = { messages, malformed: 0, records: 0, rows: 0 };
  for (let n = 0; n < messages; n += 1) {
    const own = (seed + n) >>> 0;
    const { signal, bytes } = messageOf(own);
    const wrong = findDifference(signal, bytes, result) ?? findFaultInRows(reader, signal, bytes, result);
    if (wrong !== null)
      throw new Error(
        `seed ${own} (${signal}): ${wrong}\nmessage: ${bytes.toString('hex')}\nagain: node test/soak/otlp-fuzz.ts ${own} 1`,
      );
  }
  return result;
}

/** Messages that come of one: as it is, and damaged in so many ways. */
const variants = 10;
let made: { base: number; signal: OtlpSignal; bytes: Buffer } | null = null;

/** The message of a seed, the same whenever it is made. */
function messageOf(seed: number): { signal: OtlpSignal; bytes: Buffer } {
  const base = Math.floor(seed / variants);
  const signal = base % 4 === 0 ? 'logs' : 'traces';
  if (made?.base !== base) made = { base, signal, bytes: new RandomOtlp(base, nowNs)[signal]() };
  return { signal, bytes: seed % variants === 0 ? made.bytes : damage(made.bytes, new Random(seed)) };
}

type Read = { kind: 'read'; records: readonly RecordSnapshot[] } | { kind: 'refused'; why: string; offset?: number };

function findDifference(
  signal: OtlpSignal,
  bytes: Buffer,
  result: { malformed: number; records: number },
): string | null {
  const own = readOurs(signal, bytes);
  const other = readTheirs(signal, bytes);
  if (own.kind === 'refused') {
    if (other.kind === 'read' && !isOverlong(bytes, own.offset)) return `refused (${own.why}), the other reads it`;
    result.malformed += 1;
    return null;
  }
  if (other.kind === 'refused') return `read, the other refuses it (${other.why})`;
  result.records += own.records.length;
  if (isDeepStrictEqual(own.records, other.records)) return null;
  return `read otherwise\nours:   ${JSON.stringify(own.records)}\ntheirs: ${JSON.stringify(other.records)}`;
}

/**
 * Ten bytes that all say "more follows": the encoding ends a number of 64 bits with the tenth. The other decoder steps
 * over one of any length where it does not know the field, so here it is no judge.
 */
function isOverlong(bytes: Buffer, offset: number | undefined): boolean {
  if (offset === undefined) return false;
  const number = bytes.subarray(offset, offset + 10);
  return number.length === 10 && number.every((byte) => byte >= 0x80);
}

function readOurs(signal: OtlpSignal, bytes: Buffer): Read {
  const sink = new SnapshotSink();
  try {
    ours[signal](bytes, sink);
  } catch (error) {
    if (!(error instanceof OtlpError) || error.offset === null || error.offset > bytes.length) throw error;
    return { kind: 'refused', why: error.message, offset: error.offset };
  }
  return { kind: 'read', records: sink.taken };
}

function readTheirs(signal: OtlpSignal, bytes: Buffer): Read {
  try {
    return { kind: 'read', records: theirs[signal].records(theirs[signal].type.decode(bytes)) };
  } catch (error) {
    return { kind: 'refused', why: String(error) };
  }
}

function findFaultInRows(
  reader: ReturnType<typeof createOtlpReader>,
  signal: OtlpSignal,
  bytes: Buffer,
  result: { rows: number },
): string | null {
  try {
    const { tally, message } = reader.read(signal, bytes, 'protobuf');
    const { records, ...outcomes } = tally;
    const sum = Object.values(outcomes).reduce((a, b) => a + b, 0);
    if (sum !== records) return `${records} records became ${JSON.stringify(outcomes)}`;
    if (tally.rejected > 0 !== (message !== '')) return `${tally.rejected} rejected, and the message is "${message}"`;
  } catch (error) {
    if (!(error instanceof OtlpError)) throw error;
    if (reader.rows !== 0) return 'rows are left of a message that was refused';
  }
  const batch = reader.take();
  const { batch: again } = decodeEntryBatch(encodeEntryBatch(batch));
  for (let row = 0; row < batch.rows; row += 1)
    if (!isDeepStrictEqual(entryAt(again, row), entryAt(batch, row))) return `row ${row} is not what it was`;
  result.rows += batch.rows;
  return null;
}
