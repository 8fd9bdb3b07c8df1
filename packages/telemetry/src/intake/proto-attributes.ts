import { attributeCodeOf } from './attribute-names.ts';
import { type AttributeValues, valueKinds } from './attribute-values.ts';
import type { BatchTexts } from './batch-texts.ts';
import { type ProtoReader, tagOf, wire } from './proto-reader.ts';

const key = tagOf(1, wire.length);
const value = tagOf(2, wire.length);
const stringValue = tagOf(1, wire.length);
const boolValue = tagOf(2, wire.varint);
const intValue = tagOf(3, wire.varint);
const doubleValue = tagOf(4, wire.fixed64);
const arrayValue = tagOf(5, wire.length);
const listValue = tagOf(6, wire.length);
const bytesValue = tagOf(7, wire.length);
/** `values` of an ArrayValue and of a KeyValueList. */
const values = tagOf(1, wire.length);

const two32 = 2 ** 32;

/** The last value that was read: positions and numbers, until somebody wants them. */
export interface ReadValue {
  kind: number;
  start: number;
  length: number;
  number: number;
}

const read: ReadValue = { kind: valueKinds.none, start: 0, length: 0, number: 0 };

/** Reads one KeyValue. Those that nobody reads are checked and stepped over. */
export function readAttribute(reader: ProtoReader, into: AttributeValues, texts: BatchTexts): void {
  into.count += 1;
  if (!readPlainAttribute(reader, into, texts)) readAnyAttribute(reader, into, texts);
}

/**
 * A KeyValue as every library writes it, in one go: a key and a text or an integer, all lengths below 128. False, and
 * nothing done, for any other. Spans are mostly attributes, so this is most of the time that reading them takes.
 */
function readPlainAttribute(reader: ProtoReader, into: AttributeValues, texts: BatchTexts): boolean {
  const { bytes, view, pos } = reader;
  const length = bytes[pos] ?? 0;
  const end = pos + 1 + length;
  const keyLength = bytes[pos + 2] ?? 0;
  const valueAt = pos + 3 + keyLength;
  if (end > reader.end || valueAt + 4 > end || length >= 0x80 || bytes[pos + 1] !== key || keyLength >= 0x80)
    return false;
  const type = bytes[valueAt + 2];
  if (bytes[valueAt] !== value || valueAt + 2 + (bytes[valueAt + 1] ?? 0) !== end) return false;
  if (type === stringValue) {
    const textLength = bytes[valueAt + 3] ?? 0;
    if (textLength >= 0x80 || valueAt + 4 + textLength !== end) return false;
    const code = attributeCodeOf(view, pos + 3, keyLength);
    if (code !== 0) into.setText(code, texts.ofView(view, valueAt + 4, textLength));
  } else if (type === intValue) {
    const number = plainNumber(bytes, valueAt + 3, end);
    if (number < 0) return false;
    const code = attributeCodeOf(view, pos + 3, keyLength);
    if (code !== 0) into.setNumber(code, number);
  } else return false;
  reader.pos = end;
  return true;
}

/** A varint of up to four bytes that ends where it should; negative for any other. */
function plainNumber(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 4 || (bytes[end - 1] ?? 0x80) >= 0x80) return -1;
  let number = 0;
  for (let at = end - 1; at >= start; at -= 1) {
    const byte = bytes[at] ?? 0;
    if (at < end - 1 && byte < 0x80) return -1;
    number = (number << 7) | (byte & 0x7f);
  }
  return number;
}

function readAnyAttribute(reader: ProtoReader, into: AttributeValues, texts: BatchTexts): void {
  const outer = reader.enter('attributes', into.count - 1);
  let code = 0;
  read.kind = valueKinds.none;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === key) {
      const length = reader.length();
      code = attributeCodeOf(reader.view, reader.pos, length);
      reader.pos += length;
    } else if (tag === value) readAnyValue(reader, 'value', -1, read);
    else reader.skip(tag);
  }
  reader.leave(outer);
  if (code === 0) return;
  if (read.kind === valueKinds.text) into.setText(code, texts.ofView(reader.view, read.start, read.length));
  else if (read.kind === valueKinds.number) into.setNumber(code, read.number);
  else into.setOther(code);
}

/** What stands in an AnyValue twice counts as it stands last, as protobuf has it for a `oneof`. */
export function readAnyValue(reader: ProtoReader, field: string, index: number, into: ReadValue): void {
  const outer = reader.enter(field, index);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case stringValue:
        into.length = reader.length();
        into.start = reader.pos;
        into.kind = valueKinds.text;
        reader.pos += into.length;
        break;
      case intValue: {
        const low = reader.varint();
        into.number = (reader.high | 0) * two32 + low;
        into.kind = valueKinds.number;
        break;
      }
      case doubleValue:
        into.number = reader.view.getFloat64(reader.fixed64(), true);
        into.kind = valueKinds.number;
        break;
      case boolValue:
      case bytesValue:
        reader.skip(tag);
        into.kind = valueKinds.other;
        break;
      case arrayValue:
        skipValues(reader, 'array_value', false);
        into.kind = valueKinds.other;
        break;
      case listValue:
        skipValues(reader, 'kvlist_value', true);
        into.kind = valueKinds.other;
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
}

const unread: ReadValue = { kind: valueKinds.none, start: 0, length: 0, number: 0 };

function skipValues(reader: ProtoReader, field: string, keyed: boolean): void {
  const outer = reader.enter(field, -1);
  let index = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag !== values) reader.skip(tag);
    else if (keyed) skipAttribute(reader, 'values', index++);
    else readAnyValue(reader, 'values', index++, unread);
  }
  reader.leave(outer);
}

/** Checks one KeyValue that nobody reads, as of an event or of an instrumentation scope. */
export function skipAttribute(reader: ProtoReader, field: string, index: number): void {
  const outer = reader.enter(field, index);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === value) readAnyValue(reader, 'value', -1, unread);
    else reader.skip(tag);
  }
  reader.leave(outer);
}
