import { attributeCodeOfText } from './attribute-names.ts';
import type { AttributeValues } from './attribute-values.ts';
import { type JsonObject, JsonPlace, parseJsonBody, shownValue, wholeOf } from './json-values.ts';
import type { RecordSink } from './proto-resources.ts';
import { statusError } from './span-record.ts';

/** Ids of the record at hand, as protobuf has them: trace, span, parent, linked trace, linked span. */
const ids = new Uint8Array(64);
const idsView = new DataView(ids.buffer);
const places = { trace: 0, span: 16, parent: 24, linkTrace: 32, linkSpan: 48 } as const;

/** OTLP/JSON: keys in camelCase, ids in hex, 64-bit numbers as text or number. Unknown keys are stepped over. */
export function readJsonTraces(bytes: Uint8Array, sink: RecordSink): void {
  readLevels(bytes, sink, ['resourceSpans', 'scopeSpans', 'spans'], readSpan);
}

export function readJsonLogs(bytes: Uint8Array, sink: RecordSink): void {
  readLevels(bytes, sink, ['resourceLogs', 'scopeLogs', 'logRecords'], readLogRecord);
}

function readLevels(
  bytes: Uint8Array,
  sink: RecordSink,
  [resources, scopes, records]: readonly [string, string, string],
  readRecord: (record: JsonObject, sink: RecordSink, place: JsonPlace) => void,
): void {
  const request = parseJsonBody(bytes);
  const place = new JsonPlace();
  sink.record.ids = idsView;
  for (const resource of place.list(request, resources)) {
    sink.resource.clear();
    place.within(resource, 'resource', (object) => readAttributes(object, sink.resource, sink, place));
    sink.takeResource();
    for (const scope of place.list(resource, scopes)) {
      for (const record of place.list(scope, records)) {
        sink.record.clear();
        sink.values.clear();
        readAttributes(record, sink.values, sink, place);
        readRecord(record, sink, place);
        sink.take(place);
      }
    }
  }
}

function readSpan(span: JsonObject, sink: RecordSink, place: JsonPlace): void {
  const { record, texts } = sink;
  readIds(span, sink, place);
  record.parentAt = places.parent;
  record.parentBytes = place.hex(span, 'parentSpanId', ids.subarray(places.parent, places.parent + 8));
  record.name = texts.ofString(place.text(span, 'name'));
  [record.startHigh, record.startLow] = halvesOf(place.uint64(span, 'startTimeUnixNano'));
  [record.endHigh, record.endLow] = halvesOf(place.uint64(span, 'endTimeUnixNano'));
  for (const link of place.list(span, 'links')) {
    if (record.links === 0) {
      record.linkTraceAt = places.linkTrace;
      record.linkTraceBytes = place.hex(link, 'traceId', ids.subarray(places.linkTrace, places.linkTrace + 16));
      record.linkSpanAt = places.linkSpan;
      record.linkSpanBytes = place.hex(link, 'spanId', ids.subarray(places.linkSpan, places.linkSpan + 8));
    }
    record.links += 1;
  }
  place.within(span, 'status', (status) => {
    record.statusCode = isError(status.code) ? statusError : 0;
    record.statusMessage = texts.ofString(place.text(status, 'message'));
  });
}

function readLogRecord(log: JsonObject, sink: RecordSink, place: JsonPlace): void {
  const { record, texts } = sink;
  readIds(log, sink, place);
  const time = place.uint64(log, 'timeUnixNano');
  const observed = place.uint64(log, 'observedTimeUnixNano');
  [record.startHigh, record.startLow] = halvesOf(time === 0n ? observed : time);
  record.name = texts.ofString(place.text(log, 'eventName'));
  const body = place.within(log, 'body', (value) => place.text(value, 'stringValue'));
  record.statusMessage = texts.ofString(body ?? '');
}

function readIds(from: JsonObject, { record }: RecordSink, place: JsonPlace): void {
  record.traceAt = places.trace;
  record.traceBytes = place.hex(from, 'traceId', ids.subarray(places.trace, places.trace + 16));
  record.spanAt = places.span;
  record.spanBytes = place.hex(from, 'spanId', ids.subarray(places.span, places.span + 8));
}

function readAttributes(from: JsonObject, into: AttributeValues, { texts }: RecordSink, place: JsonPlace): void {
  for (const attribute of place.list(from, 'attributes')) {
    into.count += 1;
    const code = attributeCodeOfText(place.text(attribute, 'key'));
    if (code === 0) continue;
    // Said, but nothing that any of our names takes, until it turns out to be a text or a number.
    into.setOther(code);
    place.within(attribute, 'value', (value) => {
      if (typeof value.stringValue === 'string') into.setText(code, texts.ofString(value.stringValue));
      else if (value.intValue !== undefined) into.setNumber(code, intOf(value.intValue, place));
      else if (value.doubleValue !== undefined) into.setNumber(code, doubleOf(value.doubleValue, place));
    });
  }
}

function intOf(value: unknown, place: JsonPlace): number {
  const found = wholeOf(value);
  if (found === null || found < -(2n ** 63n) || found >= 2n ** 63n)
    place.fail(`a whole number of 64 bits is wanted, this is ${shownValue(value)}`, 'intValue');
  return Number(found);
}

function doubleOf(value: unknown, place: JsonPlace): number {
  const isText = typeof value === 'string' && /^(-?\d+(\.\d+)?([eE][+-]?\d+)?|NaN|-?Infinity)$/.test(value);
  if (typeof value === 'number' || isText) return Number(value);
  return place.fail(`a number is wanted, this is ${shownValue(value)}`, 'doubleValue');
}

function isError(code: unknown): boolean {
  return code === statusError || code === 'STATUS_CODE_ERROR';
}

function halvesOf(nanoseconds: bigint): [high: number, low: number] {
  return [Number(nanoseconds >> 32n), Number(nanoseconds & 0xff_ff_ff_ffn)];
}
