import { logEvents, spanAttributes as names, rankAttributes } from '@rankscope/schema';
import type { LogEvidence, SpanEvidence, SpanPlace } from './evidence.ts';

/** What a marker says, in a sentence, for those who read logs. */
export function stallLog(marker: SpanEvidence): LogEvidence {
  const { traceId, spanId, endNs, startNs, attributes } = marker;
  const standing = attributes[names.detail];
  const where = `rank ${attributes[rankAttributes.rank]} has been in ${attributes[names.phase]}`;
  const seconds = Number(endNs - startNs) / 1e9;
  return {
    eventName: logEvents.phaseStalled,
    severity: 'warn',
    traceId,
    spanId,
    atNs: endNs,
    body: `${where} for ${seconds} s${standing === undefined ? '' : `, ${standing}`}`,
    attributes,
  };
}

export interface LostRank {
  readonly rank: number;
  /** The span of the phase that it was in, or where it had none its anchor. */
  readonly place: SpanPlace;
  readonly phase: string | null;
  readonly errorType: string;
  readonly detail: string;
  readonly atNs: bigint;
  readonly attributes: LogEvidence['attributes'];
}

export function lostLog({ rank, place, phase, errorType, detail, atNs, attributes }: LostRank): LogEvidence {
  return {
    eventName: logEvents.rankLost,
    severity: 'error',
    traceId: place.traceId,
    spanId: place.spanId,
    atNs,
    body: `rank ${rank} is lost${phase === null ? '' : ` in ${phase}`}: ${errorType} (${detail})`,
    attributes: { ...attributes, [rankAttributes.rank]: rank, [names.errorType]: errorType },
  };
}
