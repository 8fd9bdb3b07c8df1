import {
  type Attribute,
  attributeCodes,
  attributeNames,
} from '../../../packages/telemetry/src/intake/attribute-names.ts';
import { AttributeValues, valueKinds } from '../../../packages/telemetry/src/intake/attribute-values.ts';
import { BatchTexts } from '../../../packages/telemetry/src/intake/batch-texts.ts';
import type { RecordSink } from '../../../packages/telemetry/src/intake/proto-resources.ts';
import { SpanRecord } from '../../../packages/telemetry/src/intake/span-record.ts';
import type { OtlpMessage } from './otlp-types.ts';

type Said = Readonly<Record<string, string | number | null>>;

/** What a decoder is asked for of one span or log record, in words that two decoders can be compared by. */
export interface RecordSnapshot {
  readonly resource: Said;
  readonly attributes: Said;
  readonly attributeCount: number;
  readonly ids: readonly string[];
  readonly start: string;
  readonly end: string;
  readonly name: string;
  readonly message: string;
  readonly statusCode: number;
}

/** Takes what our decoder hands out, and keeps a copy of each. */
export class SnapshotSink implements RecordSink {
  readonly record = new SpanRecord();
  readonly values = new AttributeValues();
  readonly resource = new AttributeValues();
  readonly texts = new BatchTexts();
  readonly taken: RecordSnapshot[] = [];
  #ofResource: Said = {};

  takeResource(): void {
    this.#ofResource = this.#said(this.resource);
  }

  take(): void {
    const { record, values, texts } = this;
    const hasPhase = values.kind(attributeCodes.phase) === valueKinds.text && values.text(attributeCodes.phase) !== 0;
    this.taken.push({
      resource: this.#ofResource,
      attributes: this.#said(values),
      attributeCount: values.count,
      ids: [
        this.#id(record.traceAt, record.traceBytes),
        this.#id(record.spanAt, record.spanBytes),
        this.#id(record.parentAt, record.parentBytes),
        this.#id(record.linkTraceAt, record.linkTraceBytes),
        this.#id(record.linkSpanAt, record.linkSpanBytes),
      ],
      start: String((BigInt(record.startHigh) << 32n) | BigInt(record.startLow)),
      end: String((BigInt(record.endHigh) << 32n) | BigInt(record.endLow)),
      // Nobody asks for the name of a span that says its phase.
      name: hasPhase ? '' : texts.at(record.name),
      message: texts.at(record.statusMessage),
      statusCode: record.statusCode,
    });
  }

  #id(at: number, bytes: number): string {
    const { buffer, byteOffset } = this.record.ids;
    return Buffer.from(buffer, byteOffset + at, bytes).toString('hex');
  }

  #said(values: AttributeValues): Said {
    const pairs = Object.keys(attributeNames).map((name) => {
      const code = attributeCodes[name as Attribute];
      const kind = values.kind(code);
      if (kind === valueKinds.text) return [name, this.texts.at(values.text(code))];
      if (kind === valueKinds.number) return [name, values.number(code)];
      return [name, kind === valueKinds.other ? null : undefined];
    });
    return Object.fromEntries(pairs.filter(([, value]) => value !== undefined)) as Said;
  }
}

/** The same out of what another decoder made of a trace request. */
export function spansOf(request: OtlpMessage): RecordSnapshot[] {
  return recordsOf(request, ['resourceSpans', 'scopeSpans', 'spans'], (span) => {
    const [link] = listOf(span, 'links');
    const status = objectOf(span, 'status');
    return {
      ids: [
        hexOf(span, 'traceId'),
        hexOf(span, 'spanId'),
        hexOf(span, 'parentSpanId'),
        hexOf(link, 'traceId'),
        hexOf(link, 'spanId'),
      ],
      start: String(span.startTimeUnixNano ?? 0),
      end: String(span.endTimeUnixNano ?? 0),
      name: textOf(span, 'name'),
      message: textOf(status, 'message'),
      statusCode: Number(status.code ?? 0) >>> 0,
    };
  });
}

/** And of a logs request: the start is its time, or else when it was observed, and a body is asked for of events only. */
export function logRecordsOf(request: OtlpMessage): RecordSnapshot[] {
  return recordsOf(request, ['resourceLogs', 'scopeLogs', 'logRecords'], (log, said) => {
    const observed = String(log.observedTimeUnixNano ?? 0);
    const time = String(log.timeUnixNano ?? 0);
    const name = textOf(log, 'eventName');
    const isEvent = name !== '' || typeof said.eventName === 'string';
    const body = saidBy(objectOf(log, 'body'));
    return {
      ids: [hexOf(log, 'traceId'), hexOf(log, 'spanId'), '', '', ''],
      start: time === '0' ? observed : time,
      end: observed,
      name,
      message: isEvent && typeof body === 'string' ? body : '',
      statusCode: 0,
    };
  });
}

type Own = Omit<RecordSnapshot, 'resource' | 'attributes' | 'attributeCount'>;

function recordsOf(
  request: OtlpMessage,
  [resources, scopes, records]: readonly [string, string, string],
  read: (record: OtlpMessage, said: Said) => Own,
): RecordSnapshot[] {
  return listOf(request, resources).flatMap((resource) => {
    const ofResource = saidIn(listOf(objectOf(resource, 'resource'), 'attributes'));
    return listOf(resource, scopes).flatMap((scope) =>
      listOf(scope, records).map((record) => {
        const attributes = listOf(record, 'attributes');
        const said = saidIn(attributes);
        const own = read(record, said);
        return {
          resource: ofResource,
          attributes: said,
          attributeCount: attributes.length,
          ...own,
          name: typeof said.phase === 'string' && said.phase !== '' ? '' : own.name,
        };
      }),
    );
  });
}

const nameOf = new Map(Object.entries(attributeNames).map(([name, text]) => [text as string, name]));

function saidIn(attributes: readonly OtlpMessage[]): Said {
  const said: Record<string, string | number | null> = {};
  for (const attribute of attributes) {
    const name = nameOf.get(textOf(attribute, 'key'));
    if (name !== undefined) said[name] = saidBy(objectOf(attribute, 'value'));
  }
  return said;
}

function saidBy(value: OtlpMessage): string | number | null {
  if (value.value === 'stringValue') return String(value.stringValue);
  if (value.value === 'intValue' || value.value === 'doubleValue') return Number(value[String(value.value)]);
  return null;
}

const listOf = (of: OtlpMessage | undefined, key: string) => (of?.[key] ?? []) as OtlpMessage[];
const objectOf = (of: OtlpMessage, key: string) => (of[key] ?? {}) as OtlpMessage;
const textOf = (of: OtlpMessage, key: string) => (of[key] as Buffer | undefined)?.toString('utf8') ?? '';
const hexOf = (of: OtlpMessage | undefined, key: string) => (of?.[key] as Buffer | undefined)?.toString('hex') ?? '';
