import { type ClusterTimelineEntry, entryAt } from '@rankscope/schema';
import {
  createOtlpReader,
  type OtlpEncoding,
  type OtlpRead,
  type OtlpReader,
  type OtlpSignal,
} from '@rankscope/telemetry/intake';
import { nowUs, type OtlpRequest } from './otlp-request.ts';

export const encodings: readonly OtlpEncoding[] = ['protobuf', 'json'];

/** A reader for which it is always the tests' midday. */
export function openReader(knowsRunner: (runnerId: string) => boolean = () => false): OtlpReader {
  return createOtlpReader({ nowUs: () => nowUs, knowsRunner });
}

export interface Taken extends OtlpRead {
  readonly entries: ClusterTimelineEntry[];
}

/** Reads one request and takes its rows as entries. */
export function takeRequest(
  reader: OtlpReader,
  request: OtlpRequest,
  signal: OtlpSignal = 'traces',
  encoding: OtlpEncoding = 'protobuf',
): Taken {
  const read = reader.read(signal, request[encoding], encoding);
  const batch = reader.take();
  return { ...read, entries: Array.from({ length: batch.rows }, (_, row) => entryAt(batch, row)) };
}

/** `decode_stream enter` and so on. */
export const eventsOf = ({ entries }: Taken): string[] => entries.map(({ phase, event }) => `${phase} ${event}`);
