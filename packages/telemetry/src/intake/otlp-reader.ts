import type { EntryBatch } from '@rankscope/schema';
import { AttributeValues } from './attribute-values.ts';
import { readJsonLogs, readJsonTraces } from './json-request.ts';
import { LogRows } from './log-rows.ts';
import { Owners } from './owners.ts';
import { readProtoLogs } from './proto-logs.ts';
import type { RecordSink } from './proto-resources.ts';
import { readProtoTraces } from './proto-traces.ts';
import { RowBuffer } from './row-buffer.ts';
import { RunnerBook } from './runner-book.ts';
import { SeenSpans } from './seen-spans.ts';
import { SpanRows } from './span-rows.ts';
import type { Tally } from './tally.ts';

export type OtlpEncoding = 'protobuf' | 'json';
export type OtlpSignal = 'traces' | 'logs';

/** What became of one request. */
export interface OtlpRead {
  readonly tally: Readonly<Tally>;
  /** Why records were rejected, for the sender; empty when none was. */
  readonly message: string;
  /** Values that were not what their name asks for, and were left out of the rows. */
  readonly leftOutValues: number;
}

export interface OtlpReader {
  /** Rows that have been read and not been taken. */
  readonly rows: number;
  /** Reads an ExportTraceServiceRequest or ExportLogsServiceRequest. Throws an OtlpError, and then has taken nothing. */
  read(signal: OtlpSignal, bytes: Uint8Array, encoding: OtlpEncoding): OtlpRead;
  /**
   * All rows so far, as one batch that owns its memory. Every rank that was heard is in its sources, also one that said
   * nothing new.
   */
  take(): EntryBatch;
  /** Ranks that have sent anything lately. */
  runners(): number;
}

export interface OtlpReaderOptions {
  /** Microseconds since the Unix epoch. */
  readonly nowUs: () => number;
  /** The entries of this runner come from its own plane, at full resolution: its spans say nothing new. */
  readonly knowsRunner: (runnerId: string) => boolean;
}

/** Reads what others send, one request after the other; what it needs for that is made once. */
export function createOtlpReader({ nowUs, knowsRunner }: OtlpReaderOptions): OtlpReader {
  const buffer = new RowBuffer();
  const resource = new AttributeValues();
  const book = new RunnerBook();
  const seen = new SeenSpans();
  const owners = new Owners(resource, { book, buffer, knowsRunner });
  const spans = new SpanRows({ buffer, resource, owners, seen });
  const logs = new LogRows({ buffer, resource, owners });

  return {
    get rows() {
      return buffer.rows;
    },
    read(signal, bytes, encoding) {
      const sink = signal === 'traces' ? spans : logs;
      const before = buffer.rows;
      const at = nowUs();
      seen.begin();
      owners.begin(at);
      sink.begin(at);
      try {
        decoders[signal][encoding](bytes, sink);
      } catch (error) {
        // Half a request is none: its sender was told so, and may send it again.
        seen.rollBack();
        buffer.truncate(before);
        throw error;
      }
      return { tally: sink.tally, message: sink.rejections.message(), leftOutValues: sink.rows.leftOut };
    },
    take: () => buffer.take(),
    runners: () => book.size,
  };
}

const decoders: Record<OtlpSignal, Record<OtlpEncoding, (bytes: Uint8Array, sink: RecordSink) => void>> = {
  traces: { protobuf: readProtoTraces, json: readJsonTraces },
  logs: { protobuf: readProtoLogs, json: readJsonLogs },
};
