import { z } from '../zod.ts';
import { type EntryBatch, type EntrySource, recorderKey, saidColumns } from './entry-batch.ts';
import {
  bytesPerValue,
  columnOver,
  type EntryColumn,
  type EntryColumnArrays,
  emptyColumn,
  entryColumnNames,
  entryColumns,
} from './entry-columns.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

/** `application/vnd.rankscope.entries`: what an encoded batch is called in HTTP. */
export const entryBatchMime = 'application/vnd.rankscope.entries';

/** A batch of more rows is two batches. */
export const maxBatchRows = 1_048_576;

const magic = 0x42_45_53_52;
const version = 1;
const prefixBytes = 16;
const maxHeadBytes = 64 * 1024 * 1024;
const align = (offset: number) => Math.ceil(offset / 8) * 8;

export const BatchSource = z.object({
  nodeId: z.string(),
  runnerId: z.string(),
  instanceId: z.string(),
  modelId: z.string(),
  deviceRank: z.int().nonnegative(),
  worldSize: z.int().positive(),
  attempt: z.int().nonnegative(),
  recorder: z.string(),
});

const Head = z.object({
  rows: z.int().min(0).max(maxBatchRows),
  sources: z.array(BatchSource).max(65_536),
  strings: z.array(z.string()).min(1),
  columns: z.array(z.object({ name: z.string(), offset: z.int().nonnegative() })),
  meta: z.unknown(),
});

/** What is wrong with bytes that should be a batch. */
export class EntryBatchError extends Error {
  override readonly name = 'EntryBatchError';
}

/**
 * A batch as bytes, with anything JSON beside it: `RSEB`, u32 version, u32 head bytes, u32 zero, the head as JSON, then
 * the columns, little-endian, each at a multiple of 8. Columns in which no row says anything are left out.
 */
export function encodeEntryBatch(batch: EntryBatch, meta: unknown = null): Uint8Array<ArrayBuffer> {
  const { rows, sources, strings } = batch;
  const kept = saidColumns(batch);
  let end = 0;
  const columns = kept.map((name) => {
    const offset = end;
    end = align(offset + rows * bytesPerValue(name));
    return { name, offset };
  });
  const head = encodeUtf8(JSON.stringify({ rows, sources, strings, columns, meta }));
  const body = align(prefixBytes + head.length);
  const bytes = new Uint8Array(body + end);
  const prefix = new DataView(bytes.buffer);
  prefix.setUint32(0, magic, true);
  prefix.setUint32(4, version, true);
  prefix.setUint32(8, head.length, true);
  bytes.set(head, prefixBytes);
  for (const { name, offset } of columns) columnOver(name, bytes.buffer, body + offset, rows).set(batch.columns[name]);
  return bytes;
}

/**
 * Bytes → batch, over the same memory where it lies right. Everything is checked here, so that a reader may trust every
 * position: bytes of another version, cut short or with positions that lead nowhere are an {@link EntryBatchError}.
 */
export function decodeEntryBatch(given: Uint8Array): { readonly batch: EntryBatch; readonly meta: unknown } {
  // A typed array needs its place at a multiple of its width.
  const bytes = given.byteOffset % 8 === 0 ? given : given.slice();
  const { head, body } = readHead(bytes);
  const { rows, sources, strings } = head;
  const found = new Map(head.columns.map(({ name, offset }) => [name, offset]));
  const column = (name: EntryColumn) => {
    const offset = found.get(name);
    if (offset === undefined) return emptyColumn(name, rows);
    if (offset % 8 !== 0 || body + offset + rows * bytesPerValue(name) > bytes.length)
      throw new EntryBatchError(`column ${name} lies outside of the ${bytes.length} bytes`);
    return columnOver(name, bytes.buffer, bytes.byteOffset + body + offset, rows);
  };
  const columns = Object.fromEntries(
    entryColumnNames.map((name) => [name, column(name)]),
  ) as unknown as EntryColumnArrays;
  const batch = { rows, sources, strings, columns };
  checkPositions(batch);
  return { batch, meta: head.meta };
}

function readHead(bytes: Uint8Array): { head: z.infer<typeof Head>; body: number } {
  if (bytes.length < prefixBytes) throw new EntryBatchError(`${bytes.length} bytes are no batch`);
  const prefix = new DataView(bytes.buffer, bytes.byteOffset, prefixBytes);
  if (prefix.getUint32(0, true) !== magic) throw new EntryBatchError('does not begin with RSEB');
  const found = prefix.getUint32(4, true);
  if (found !== version) throw new EntryBatchError(`version ${found}, this reads version ${version}`);
  const headBytes = prefix.getUint32(8, true);
  if (headBytes > maxHeadBytes || prefixBytes + headBytes > bytes.length)
    throw new EntryBatchError(`a head of ${headBytes} bytes in ${bytes.length}`);
  let json: unknown;
  try {
    json = JSON.parse(decodeUtf8(bytes.subarray(prefixBytes, prefixBytes + headBytes)));
  } catch (cause) {
    throw new EntryBatchError('the head is not JSON', { cause });
  }
  const parsed = Head.safeParse(json);
  if (parsed.success) return { head: parsed.data, body: align(prefixBytes + headBytes) };
  const [issue] = parsed.error.issues;
  throw new EntryBatchError(`${issue?.path.join('.')}: ${issue?.message}`);
}

function checkPositions({ rows, sources, strings, columns }: EntryBatch): void {
  if (strings[0] !== '') throw new EntryBatchError('strings[0] must be the empty text');
  if (new Set(sources.map((source: EntrySource) => recorderKey(source))).size !== sources.length)
    throw new EntryBatchError('a recorder stands twice in sources');
  for (const name of entryColumnNames) {
    const most = name === 'source' ? sources.length : entryColumns[name] === 'text' ? strings.length : null;
    if (most === null || rows === 0) continue;
    const row = columns[name].findIndex((at) => at >= most);
    if (row !== -1) throw new EntryBatchError(`${name} of row ${row} leads nowhere`);
  }
  const row = columns.atUs.findIndex((us) => !Number.isFinite(us) || us < 0 || us >= endOfTimeUs);
  if (row !== -1) throw new EntryBatchError(`atUs of row ${row} is no time: ${columns.atUs[row]}`);
}

/** The year 10000, which no date of four digits can say. */
const endOfTimeUs = 253_402_300_800_000_000;
