import type { Attrs, AttrValue, ClusterTimelineEntry } from '../cluster-timeline.ts';
import type { MlxMemorySnapshot } from '../mlx-memory.ts';
import { formatTimestamp, parseTimestampUs } from '../timestamp-text.ts';
import { type EntryBatch, type EntryBatchBuilder, textAt, valueAt } from './entry-batch.ts';
import type { EntryColumn } from './entry-columns.ts';

/** Attributes that have a column of the same name and are numbers of at least 0. */
const numberAttrs = [
  'seq',
  'dropped',
  'group',
  'barrierSeq',
  'layer',
  'bytes',
  'evalSeq',
  'waitingOn',
  'chunkIndex',
  'chunkTotal',
  'cell',
] as const satisfies readonly EntryColumn[];
const textAttrs = ['op', 'dtype'] as const satisfies readonly EntryColumn[];
const i32Attrs: ReadonlySet<string> = new Set(['group', 'layer', 'waitingOn', 'cell']);
const maxI32 = 2 ** 31 - 1;
const two32 = 2n ** 32n;
/** Stands in `attrs` where the detail is an empty text, which is not none. */
const emptyDetailKey = '\u0000emptyDetail';

/** What of an entry is its own; who wrote it stands in the source. */
export type RecordedEntry = Pick<
  ClusterTimelineEntry,
  'at' | 'phase' | 'event' | 'detail' | 'attrs' | 'taskId' | 'commandId' | 'mlxMemory'
>;

/** Adds an entry as a row. Attributes that fit no column are kept in `attrs`, so {@link entryAt} gives back the same. */
export function addEntry(builder: EntryBatchBuilder, source: number, entry: RecordedEntry): void {
  const row = builder.row();
  const { columns } = builder;
  columns.source[row] = source;
  columns.atUs[row] = parseTimestampUs(entry.at);
  columns.phase[row] = builder.text(entry.phase);
  columns.event[row] = builder.text(entry.event);
  columns.detail[row] = builder.text(entry.detail);
  columns.taskId[row] = builder.text(entry.taskId);
  columns.commandId[row] = builder.text(entry.commandId);
  const rest = addAttrs(builder, row, entry.attrs);
  if (entry.detail === '') rest.push([emptyDetailKey, true]);
  if (rest.length > 0) columns.attrs[row] = builder.text(JSON.stringify(Object.fromEntries(rest)));
  if (entry.mlxMemory !== null) addMemory(builder, row, entry.mlxMemory);
}

function addAttrs(builder: EntryBatchBuilder, row: number, attrs: Attrs): [string, AttrValue][] {
  const { columns } = builder;
  const rest: [string, AttrValue][] = [];
  for (const [name, value] of Object.entries(attrs)) {
    if (isNumberAttr(name) && fits(name, value)) columns[name][row] = value;
    else if ((name === 'op' || name === 'dtype') && typeof value === 'string' && value !== '')
      columns[name][row] = builder.text(value);
    else if (name === 'monoNs' && isMonoNs(value)) {
      const ns = BigInt(value);
      columns.monoHigh[row] = Number(ns / two32);
      columns.monoLow[row] = Number(ns % two32);
    } else if (name !== 'source' || value === '' || value !== builder.sources[columns.source[row] ?? 0]?.recorder)
      rest.push([name, value]);
  }
  return rest;
}

function isNumberAttr(name: string): name is (typeof numberAttrs)[number] {
  return (numberAttrs as readonly string[]).includes(name);
}

function fits(name: string, value: AttrValue): value is number {
  if (typeof value !== 'number' || !(value >= 0) || Object.is(value, -0) || !Number.isFinite(value)) return false;
  return !i32Attrs.has(name) || (Number.isInteger(value) && value <= maxI32);
}

function isMonoNs(value: AttrValue): value is string {
  return typeof value === 'string' && /^(0|[1-9]\d{0,17})$/.test(value);
}

function addMemory(builder: EntryBatchBuilder, row: number, memory: MlxMemorySnapshot): void {
  const { columns } = builder;
  columns.memoryAtUs[row] = parseTimestampUs(memory.generatedAt);
  columns.memoryActive[row] = memory.active?.inBytes ?? -1;
  columns.memoryCache[row] = memory.cache?.inBytes ?? -1;
  columns.memoryPeak[row] = memory.peak?.inBytes ?? -1;
  columns.memoryWiredLimit[row] = memory.wiredLimit?.inBytes ?? -1;
  columns.memorySource[row] = builder.text(memory.source);
}

/** One row as the timeline shows it. */
export function entryAt(batch: EntryBatch, row: number): ClusterTimelineEntry {
  const source = batch.sources[valueAt(batch, 'source', row)];
  if (source === undefined) throw new RangeError(`row ${row} of a batch of ${batch.rows} has no source`);
  const { attrs, emptyDetail } = attrsAt(batch, row, source.recorder);
  return {
    at: timeText(valueAt(batch, 'atUs', row)),
    nodeId: source.nodeId,
    runnerId: source.runnerId,
    deviceRank: source.deviceRank,
    worldSize: source.worldSize,
    phase: textAt(batch, 'phase', row) ?? '',
    event: textAt(batch, 'event', row) ?? '',
    detail: emptyDetail ? '' : textAt(batch, 'detail', row),
    attrs,
    taskId: textAt(batch, 'taskId', row),
    commandId: textAt(batch, 'commandId', row),
    mlxMemory: memoryAt(batch, row),
  };
}

function attrsAt(batch: EntryBatch, row: number, recorder: string): { attrs: Attrs; emptyDetail: boolean } {
  const attrs: Attrs = {};
  for (const name of numberAttrs) {
    const value = valueAt(batch, name, row);
    if (value >= 0) attrs[name] = value;
  }
  for (const name of textAttrs) {
    const value = textAt(batch, name, row);
    if (value !== null) attrs[name] = value;
  }
  const high = valueAt(batch, 'monoHigh', row);
  if (high >= 0) attrs.monoNs = String(BigInt(high) * two32 + BigInt(valueAt(batch, 'monoLow', row)));
  if (recorder !== '') attrs.source = recorder;
  const rest = textAt(batch, 'attrs', row);
  if (rest === null) return { attrs, emptyDetail: false };
  const { [emptyDetailKey]: emptyDetail = false, ...more } = JSON.parse(rest) as Attrs;
  return { attrs: { ...attrs, ...more }, emptyDetail: emptyDetail === true };
}

function memoryAt(batch: EntryBatch, row: number): MlxMemorySnapshot | null {
  const atUs = valueAt(batch, 'memoryAtUs', row);
  if (atUs < 0) return null;
  const memory = (column: EntryColumn) => {
    const inBytes = valueAt(batch, column, row);
    return inBytes < 0 ? null : { inBytes };
  };
  return {
    generatedAt: timeText(atUs),
    active: memory('memoryActive'),
    cache: memory('memoryCache'),
    peak: memory('memoryPeak'),
    wiredLimit: memory('memoryWiredLimit'),
    source: textAt(batch, 'memorySource', row) ?? '',
  };
}

function timeText(us: number): string {
  return formatTimestamp(BigInt(Math.round(us)) * 1_000n);
}
