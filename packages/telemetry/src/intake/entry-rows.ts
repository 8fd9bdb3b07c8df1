import { attributeCodes } from './attribute-names.ts';
import { type AttributeValues, valueKinds } from './attribute-values.ts';
import type { RowBuffer } from './row-buffer.ts';
import { numberIn } from './runner-identity.ts';

const maxI32 = 2 ** 31 - 1;
/** `source` of a memory snapshot that came with a span. */
const memorySource = 'otlp';

/** What every row has. Texts are positions in the batch's texts. */
export interface RowHead {
  source: number;
  phase: number;
  taskId: number;
  commandId: number;
}

/** Writes rows, and into them what the attributes of a span say that has a column. */
export class EntryRows {
  /** Values that fit no column: no whole number where one belongs. */
  leftOut = 0;
  readonly #buffer: RowBuffer;
  readonly #values: AttributeValues;

  constructor(buffer: RowBuffer, values: AttributeValues) {
    this.#buffer = buffer;
    this.#values = values;
  }

  /** Rows of the batch so far. */
  get count(): number {
    return this.#buffer.rows;
  }

  add(head: RowHead, event: number, atUs: number, detail: number): void {
    const row = this.#buffer.row();
    const { columns } = this.#buffer;
    columns.source[row] = head.source;
    columns.atUs[row] = atUs;
    columns.phase[row] = head.phase;
    columns.event[row] = event;
    if (head.commandId !== 0) {
      this.#buffer.use('commandId');
      columns.commandId[row] = head.commandId;
    }
    if (head.taskId !== 0) {
      this.#buffer.use('taskId');
      columns.taskId[row] = head.taskId;
    }
    if (detail !== 0) {
      this.#buffer.use('detail');
      columns.detail[row] = detail;
    }
  }

  /** The collective, the layer and so on, into the rows from `from` on. */
  addSite(from: number): void {
    const buffer = this.#buffer;
    const { columns, rows } = buffer;
    const op = this.text(attributeCodes.op);
    if (op !== 0) {
      buffer.use('op');
      for (let row = from; row < rows; row += 1) columns.op[row] = op;
    }
    const dtype = this.text(attributeCodes.dtype);
    if (dtype !== 0) {
      buffer.use('dtype');
      for (let row = from; row < rows; row += 1) columns.dtype[row] = dtype;
    }
    const group = this.#whole(attributeCodes.group, maxI32);
    if (group >= 0) {
      buffer.use('group');
      for (let row = from; row < rows; row += 1) columns.group[row] = group;
    }
    const barrierSeq = this.#whole(attributeCodes.barrierSeq, Number.MAX_SAFE_INTEGER);
    if (barrierSeq >= 0) {
      buffer.use('barrierSeq');
      for (let row = from; row < rows; row += 1) columns.barrierSeq[row] = barrierSeq;
    }
    const layer = this.#whole(attributeCodes.layer, maxI32);
    if (layer >= 0) {
      buffer.use('layer');
      for (let row = from; row < rows; row += 1) columns.layer[row] = layer;
    }
    const bytes = this.#whole(attributeCodes.bytes, Number.MAX_SAFE_INTEGER);
    if (bytes >= 0) {
      buffer.use('bytes');
      for (let row = from; row < rows; row += 1) columns.bytes[row] = bytes;
    }
    const peer = this.#whole(attributeCodes.peer, maxI32);
    if (peer >= 0) {
      buffer.use('waitingOn');
      for (let row = from; row < rows; row += 1) columns.waitingOn[row] = peer;
    }
  }

  /** The memory that the span brought, into the last row. */
  addMemory(atUs: number): void {
    const active = this.#whole(attributeCodes.memoryActive, Number.MAX_SAFE_INTEGER);
    const cache = this.#whole(attributeCodes.memoryCache, Number.MAX_SAFE_INTEGER);
    const peak = this.#whole(attributeCodes.memoryPeak, Number.MAX_SAFE_INTEGER);
    if (active < 0 && cache < 0 && peak < 0) return;
    const buffer = this.#buffer;
    for (const column of ['memoryAtUs', 'memoryActive', 'memoryCache', 'memoryPeak', 'memorySource'] as const)
      buffer.use(column);
    const { columns } = buffer;
    const row = buffer.rows - 1;
    columns.memoryAtUs[row] = atUs;
    columns.memoryActive[row] = active;
    columns.memoryCache[row] = cache;
    columns.memoryPeak[row] = peak;
    columns.memorySource[row] = buffer.texts.ofString(memorySource);
  }

  /** The text of an attribute; 0 when there is none. */
  text(code: number): number {
    return this.#values.kind(code) === valueKinds.text ? this.#values.text(code) : 0;
  }

  /** A whole number from 0 to `max`; negative when there is none. */
  #whole(code: number, max: number): number {
    const kind = this.#values.kind(code);
    if (kind === valueKinds.none) return -1;
    const number = kind === valueKinds.number ? this.#values.number(code) : -1;
    if (number >= 0 && number <= max && Math.floor(number) === number) return number;
    const value = numberIn(this.#values, code, this.#buffer.texts);
    if (value !== null && value >= 0 && value <= max) return value;
    this.leftOut += 1;
    return -1;
  }
}
