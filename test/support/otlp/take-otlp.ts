import { type ClusterTimelineEntry, entryAt } from '@rankscope/schema';
import {
  createOtlpReader,
  type OtlpEncoding,
  type OtlpRead,
  type OtlpReader,
  type OtlpSignal,
} from '../../../packages/telemetry/src/intake/otlp-reader.ts';
import { nowUs, type OtlpRequest } from './otlp-request.ts';

/** A reader at the time of the requests that tests make. */
export const open = (knowsRunner: (id: string) => boolean = () => false) =>
  createOtlpReader({ nowUs: () => nowUs, knowsRunner });

export interface Taken extends OtlpRead {
  readonly entries: ClusterTimelineEntry[];
}

/** What one request became. */
export function take(
  reader: OtlpReader,
  request: OtlpRequest,
  signal: OtlpSignal = 'traces',
  encoding: OtlpEncoding = 'protobuf',
): Taken {
  const read = reader.read(signal, request[encoding], encoding);
  const batch = reader.take();
  return { ...read, entries: Array.from({ length: batch.rows }, (_, row) => entryAt(batch, row)) };
}

/** `phase event` of every row. */
export const short = ({ entries }: Taken) => entries.map(({ phase, event }) => `${phase} ${event}`);
