import { openRingReader, type RingHeader, type RingReader } from '@rankscope/flight-recorder';
import type { LogEvidence, RecorderIdentity, SpanEvidence } from '../spans/evidence.ts';
import { planSpans } from '../spans/plan-spans.ts';
import { createPlanState } from '../spans/plan-state.ts';
import { findRankEnd, type RankEnd } from '../spans/rank-end.ts';
import type { SpanRules } from '../spans/span-rules.ts';
import type { RecorderPosition } from './recorder-position.ts';

export interface RecorderExportOptions {
  readonly ringPath: string;
  /** Of the supervisor of the rank; null, or not there, where nobody supervises. */
  readonly supervisorPath: string | null;
  /** Where to go on; null begins with the oldest entry there is. */
  readonly position: RecorderPosition | null;
  /** Wall clock minus monotonic clock; null takes what the recorder itself says, so that every reader gets the same times. */
  readonly wallMinusMonoNs: bigint | null;
  readonly hasPlane: boolean;
  readonly rules: SpanRules;
}

export interface RecorderLook {
  /** CLOCK_MONOTONIC of the machine that writes; null where nobody watches while it writes. */
  readonly nowNs: bigint | null;
  /** The writing process is gone for good. */
  readonly gone: boolean;
  /** The rank's own file has come to harm: what is known of it has to do. */
  readonly harmed?: boolean;
}

export interface RecorderNews {
  readonly spans: readonly SpanEvidence[];
  readonly logs: readonly LogEvidence[];
  /** To be kept when the news has been delivered. */
  readonly position: RecorderPosition;
  /** There is more to read at once. */
  readonly more: boolean;
  /** The rank's end has been told. */
  readonly done: boolean;
  readonly sampledOut: number;
  readonly rateLimited: number;
  /** Entries that were overwritten before they were read. */
  readonly overwritten: number;
}

export interface RecorderExport {
  /** Whose recorder it is; known once one of the two files is there. */
  identity(): RecorderIdentity | null;
  /** Of the rank's own file. */
  header(): RingHeader | null;
  /** What is new; null while there is no recorder. Throws when the file cannot be read. */
  look(look: RecorderLook): RecorderNews | null;
  close(): void;
}

/** Read and planned in one go: a few milliseconds of the loop. */
const entriesAtOnce = 512;

/** Turns one recorder into spans and logs as it grows, from outside its process, whatever state that is in. */
export function openRecorderExport(options: RecorderExportOptions): RecorderExport {
  const { position: kept, rules, hasPlane } = options;
  let own: RingReader | null = null;
  let supervisor: RingReader | null = null;
  let identity: RingHeader | null = null;
  let state = kept?.state ?? createPlanState(rules.phasesAtOnce);
  let ring = kept?.ring ?? null;
  let origin = kept === null ? null : { bornNs: kept.bornNs, wallMinusMonoNs: kept.wallMinusMonoNs };

  const open = (harmed: boolean) => {
    if (options.supervisorPath !== null) supervisor ??= openIfThere(options.supervisorPath);
    if (!harmed) own ??= openIfThere(options.ringPath);
    identity ??= supervisor?.header ?? own?.header ?? null;
  };
  const read = (gone: boolean) => {
    if (own === null) return { entries: [], dropped: 0 };
    const cursor = { next: state.next, ...(ring !== null && { ring }) };
    const news = own.read(cursor, { limit: entriesAtOnce, writerDead: gone });
    ring = own.header.ring;
    return news;
  };

  return {
    identity: () => identity,
    header: () => own?.header ?? null,
    look({ nowNs, gone, harmed = false }) {
      open(harmed);
      if (identity === null) return null;
      origin ??= originOf(identity, options.wallMinusMonoNs);
      const { bornNs, wallMinusMonoNs } = origin;
      const { entries, dropped } = harmed ? { entries: [], dropped: 0 } : read(gone);
      const more = entries.length === entriesAtOnce;
      const ended = gone && !more ? findEnd(harmed ? null : own, supervisor) : null;
      const wallAtNs = (monoNs: bigint) => monoNs + wallMinusMonoNs;
      // With more to read at once, what is open now is not yet known.
      const input = { entries, nowNs: more ? null : nowNs, ended };
      const planned = planSpans(state, input, { identity, bornNs, wallAtNs, hasPlane, rules });
      state = planned.state;
      const { spans, logs, sampledOut, rateLimited } = planned;
      const position = { ring, bornNs, wallMinusMonoNs, state };
      return { spans, logs, position, more, done: state.done, sampledOut, rateLimited, overwritten: dropped };
    },
    close() {
      own?.close();
      supervisor?.close();
    },
  };
}

function originOf({ anchorMonoNs, anchorWallNs }: RingHeader, wallMinusMonoNs: bigint | null) {
  return { bornNs: anchorMonoNs, wallMinusMonoNs: wallMinusMonoNs ?? anchorWallNs - anchorMonoNs };
}

/** A rank that ends by itself says why in the last few entries. */
const lastWords = 8;

function findEnd(own: RingReader | null, supervisor: RingReader | null): RankEnd {
  return findRankEnd({
    supervisor: supervisor?.read({ next: 0 }, { writerDead: true }).entries ?? [],
    state: own?.state() ?? null,
    last: own?.newest(lastWords).entries ?? [],
  });
}

function openIfThere(path: string): RingReader | null {
  try {
    return openRingReader(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
