import { attributeCodes } from './attribute-names.ts';
import { valueKinds } from './attribute-values.ts';
import { type ReadValue, readAnyValue, readAttribute } from './proto-attributes.ts';
import { ProtoReader, tagOf, wire } from './proto-reader.ts';
import { type RecordSink, readResources } from './proto-resources.ts';

const time = tagOf(1, wire.fixed64);
const body = tagOf(5, wire.length);
const attributes = tagOf(6, wire.length);
const traceId = tagOf(9, wire.length);
const spanId = tagOf(10, wire.length);
const observedTime = tagOf(11, wire.fixed64);
const eventName = tagOf(12, wire.length);

const bodyValue: ReadValue = { kind: valueKinds.none, start: 0, length: 0, number: 0 };

/**
 * Reads an ExportLogsServiceRequest. A log record is left in the same fields as a span: its time as the start (the time
 * at which it was observed where it says none), its event's name as the name, its body as the message.
 */
export function readProtoLogs(bytes: Uint8Array, sink: RecordSink): void {
  const reader = new ProtoReader(bytes);
  sink.record.ids = reader.view;
  readResources(reader, sink, {
    resources: 'resource_logs',
    scopes: 'scope_logs',
    records: 'log_records',
    readRecord: readLogRecord,
  });
}

function readLogRecord(reader: ProtoReader, index: number, sink: RecordSink): void {
  const outer = reader.enter('log_records', index);
  const { record, values, texts } = sink;
  record.clear();
  values.clear();
  bodyValue.kind = valueKinds.none;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case time: {
        const at = reader.fixed64();
        record.startLow = reader.view.getUint32(at, true);
        record.startHigh = reader.view.getUint32(at + 4, true);
        break;
      }
      case observedTime: {
        const at = reader.fixed64();
        record.endLow = reader.view.getUint32(at, true);
        record.endHigh = reader.view.getUint32(at + 4, true);
        break;
      }
      case body:
        readAnyValue(reader, 'body', -1, bodyValue);
        break;
      case attributes:
        readAttribute(reader, values, texts);
        break;
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
      case eventName: {
        const length = reader.length();
        record.name = texts.ofView(reader.view, reader.pos, length);
        reader.pos += length;
        break;
      }
      default:
        reader.skip(tag);
    }
  }
  if (record.startHigh === 0 && record.startLow === 0) {
    record.startHigh = record.endHigh;
    record.startLow = record.endLow;
  }
  // Most logs are nobody's event, and their bodies are long.
  const isEvent = record.name !== 0 || values.kind(attributeCodes.eventName) === valueKinds.text;
  if (isEvent && bodyValue.kind === valueKinds.text)
    record.statusMessage = texts.ofView(reader.view, bodyValue.start, bodyValue.length);
  sink.take(reader);
  reader.leave(outer);
}
