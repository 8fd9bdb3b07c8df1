import type { AttributeValues } from './attribute-values.ts';
import type { BatchTexts } from './batch-texts.ts';
import { readAttribute, skipAttribute } from './proto-attributes.ts';
import { type ProtoReader, tagOf, wire } from './proto-reader.ts';
import type { SpanRecord } from './span-record.ts';

/** Where what is read of a record is left, and who takes it once it is whole. */
export interface RecordSink {
  readonly record: SpanRecord;
  /** Of the record. */
  readonly values: AttributeValues;
  /** Of the resource. */
  readonly resource: AttributeValues;
  readonly texts: BatchTexts;
  /** `resource` is whole: what follows is of it. */
  takeResource(): void;
  /** `record` and `values` are whole. */
  take(place: { path(): string }): void;
}

/** Names of the three levels, and how the innermost is read; spans and log records differ in nothing else. */
export interface Levels {
  readonly resources: string;
  readonly scopes: string;
  readonly records: string;
  readonly readRecord: (reader: ProtoReader, index: number, sink: RecordSink) => void;
}

const first = tagOf(1, wire.length);
const second = tagOf(2, wire.length);
const third = tagOf(3, wire.length);

/** ResourceSpans and ResourceLogs, and down to each record. */
export function readResources(reader: ProtoReader, sink: RecordSink, levels: Levels): void {
  let index = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === first) readResource(reader, index++, sink, levels);
    else reader.skip(tag);
  }
}

/** Twice over: the resource may stand behind its spans, and whose they are must be known before the first of them. */
function readResource(reader: ProtoReader, index: number, sink: RecordSink, levels: Levels): void {
  const outer = reader.enter(levels.resources, index);
  const from = reader.pos;
  sink.resource.clear();
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === first) readResourceAttributes(reader, sink);
    else reader.skip(tag);
  }
  sink.takeResource();
  reader.pos = from;
  let scope = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === second) readScopeRecords(reader, scope++, sink, levels);
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function readResourceAttributes(reader: ProtoReader, { resource, texts }: RecordSink): void {
  const outer = reader.enter('resource', -1);
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === first) readAttribute(reader, resource, texts);
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function readScopeRecords(reader: ProtoReader, index: number, sink: RecordSink, levels: Levels): void {
  const outer = reader.enter(levels.scopes, index);
  let count = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === second) levels.readRecord(reader, count++, sink);
    else if (tag === first) skipScope(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function skipScope(reader: ProtoReader): void {
  const outer = reader.enter('scope', -1);
  let index = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    if (tag === third) skipAttribute(reader, 'attributes', index++);
    else reader.skip(tag);
  }
  reader.leave(outer);
}
