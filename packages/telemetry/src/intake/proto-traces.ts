import { attributeCodes } from './attribute-names.ts';
import { valueKinds } from './attribute-values.ts';
import { readAttribute, skipAttribute } from './proto-attributes.ts';
import { ProtoReader, tagOf, wire } from './proto-reader.ts';
import { type RecordSink, readResources } from './proto-resources.ts';
import type { SpanRecord } from './span-record.ts';

const traceId = tagOf(1, wire.length);
const spanId = tagOf(2, wire.length);
const parentSpanId = tagOf(4, wire.length);
const name = tagOf(5, wire.length);
const kind = tagOf(6, wire.varint);
const startTime = tagOf(7, wire.fixed64);
const endTime = tagOf(8, wire.fixed64);
const attributes = tagOf(9, wire.length);
const events = tagOf(11, wire.length);
const links = tagOf(13, wire.length);
const status = tagOf(15, wire.length);

/** Reads an ExportTraceServiceRequest; each span goes to the sink once it is whole. Throws an OtlpError. */
export function readProtoTraces(bytes: Uint8Array, sink: RecordSink): void {
  const reader = new ProtoReader(bytes);
  sink.record.ids = reader.view;
  readResources(reader, sink, {
    resources: 'resource_spans',
    scopes: 'scope_spans',
    records: 'spans',
    readRecord: readSpan,
  });
}

function readSpan(reader: ProtoReader, index: number, sink: RecordSink): void {
  const outer = reader.enter('spans', index);
  const { record, values, texts } = sink;
  record.clear();
  values.clear();
  let nameAt = 0;
  let nameLength = 0;
  let eventCount = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case traceId:
        record.traceBytes = reader.length();
        record.traceAt = reader.pos;
        reader.pos += record.traceBytes;
        break;
      case spanId:
        record.spanBytes = reader.length();
        record.spanAt = reader.pos;
        reader.pos += record.spanBytes;
        break;
      case parentSpanId:
        record.parentBytes = reader.length();
        record.parentAt = reader.pos;
        reader.pos += record.parentBytes;
        break;
      case name:
        nameLength = reader.length();
        nameAt = reader.pos;
        reader.pos += nameLength;
        break;
      case kind:
        reader.varint();
        break;
      case startTime: {
        const at = reader.fixed64();
        record.startLow = reader.view.getUint32(at, true);
        record.startHigh = reader.view.getUint32(at + 4, true);
        break;
      }
      case endTime: {
        const at = reader.fixed64();
        record.endLow = reader.view.getUint32(at, true);
        record.endHigh = reader.view.getUint32(at + 4, true);
        break;
      }
      case attributes:
        readAttribute(reader, values, texts);
        break;
      case events:
        readEvent(reader, eventCount++);
        break;
      case links:
        readLink(reader, record);
        break;
      case status:
        readStatus(reader, sink);
        break;
      default:
        reader.skip(tag);
    }
  }
  // Nobody asks for the name of a span that says its phase.
  if (values.kind(attributeCodes.phase) !== valueKinds.text || values.text(attributeCodes.phase) === 0)
    record.name = texts.ofView(reader.view, nameAt, nameLength);
  sink.take(reader);
  reader.leave(outer);
}

function readStatus(reader: ProtoReader, { record, texts }: RecordSink): void {
  const outer = reader.enter('status', -1);
  let at = 0;
  let length = -1;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === tagOf(2, wire.length)) {
      length = reader.length();
      at = reader.pos;
      reader.pos += length;
    } else if (tag === tagOf(3, wire.varint)) record.statusCode = reader.varint();
    else reader.skip(tag);
  }
  reader.leave(outer);
  if (length >= 0) record.statusMessage = texts.ofView(reader.view, at, length);
}

function readLink(reader: ProtoReader, record: SpanRecord): void {
  const outer = reader.enter('links', record.links);
  const isFirst = record.links === 0;
  record.links += 1;
  let index = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === tagOf(1, wire.length) && isFirst) {
      record.linkTraceBytes = reader.length();
      record.linkTraceAt = reader.pos;
      reader.pos += record.linkTraceBytes;
    } else if (tag === tagOf(2, wire.length) && isFirst) {
      record.linkSpanBytes = reader.length();
      record.linkSpanAt = reader.pos;
      reader.pos += record.linkSpanBytes;
    } else if (tag === tagOf(4, wire.length)) skipAttribute(reader, 'attributes', index++);
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function readEvent(reader: ProtoReader, index: number): void {
  const outer = reader.enter('events', index);
  let count = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === tagOf(3, wire.length)) skipAttribute(reader, 'attributes', count++);
    else reader.skip(tag);
  }
  reader.leave(outer);
}
