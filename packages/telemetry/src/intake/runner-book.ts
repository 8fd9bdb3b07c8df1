import type { EntrySource } from '@rankscope/schema';

/** Ranks that are known at once. */
export const maxRunners = 4096;
/** Who has sent nothing for so long makes room when there is none. A rank in a long phase is silent for minutes. */
const silentUs = 60_000_000;
/** Who has sent nothing for so long is forgotten in any case: its process has ended, and another took its place. */
const forgottenUs = 3_600_000_000;
/** How often the book is looked through for those. */
const lookEveryUs = 10_000_000;

/** A rank that sends telemetry. */
export interface BookedRunner {
  source: EntrySource;
  /** What its supervisor says of it. */
  supervisor: EntrySource;
  /** Never given to another. */
  readonly no: number;
  heardUs: number;
  /** The phase of its newest span, for events that name none. */
  lastPhase: string;
  /** In which batch the three below hold. */
  batchNo: number;
  /** Positions in that batch's sources; −1 where it has none yet. */
  sourceAt: number;
  supervisorAt: number;
  /** Somebody else brings this runner's entries at full resolution. */
  isDouble: boolean;
}

/** The ranks that have sent anything lately, by runner id. */
export class RunnerBook {
  readonly #runners = new Map<string, BookedRunner>();
  #nextNo = 1;
  #lookedUs = 0;

  get size(): number {
    return this.#runners.size;
  }

  /** The runner with this identity; null when there is no room. What it last said of itself counts. */
  find(source: EntrySource, nowUs: number): BookedRunner | null {
    const known = this.#runners.get(source.runnerId);
    if (known !== undefined) {
      known.heardUs = nowUs;
      if (!isSame(known.source, source)) {
        known.source = source;
        known.supervisor = { ...source, recorder: 'supervisor' };
      }
      return known;
    }
    if (this.#runners.size >= maxRunners) {
      this.#forget(nowUs - silentUs);
      if (this.#runners.size >= maxRunners) return null;
    }
    const made: BookedRunner = {
      source,
      supervisor: { ...source, recorder: 'supervisor' },
      no: this.#nextNo,
      heardUs: nowUs,
      lastPhase: 'created',
      batchNo: 0,
      sourceAt: -1,
      supervisorAt: -1,
      isDouble: false,
    };
    this.#nextNo += 1;
    this.#runners.set(source.runnerId, made);
    return made;
  }

  /** Forgets who has long been silent. Cheap to call with every request. */
  tidy(nowUs: number): void {
    if (nowUs - this.#lookedUs < lookEveryUs) return;
    this.#lookedUs = nowUs;
    this.#forget(nowUs - forgottenUs);
  }

  has(runnerId: string): boolean {
    return this.#runners.has(runnerId);
  }

  #forget(beforeUs: number): void {
    for (const [runnerId, { heardUs }] of this.#runners) if (heardUs < beforeUs) this.#runners.delete(runnerId);
  }
}

function isSame(a: EntrySource, b: EntrySource): boolean {
  return (
    a.nodeId === b.nodeId &&
    a.instanceId === b.instanceId &&
    a.modelId === b.modelId &&
    a.deviceRank === b.deviceRank &&
    a.worldSize === b.worldSize &&
    a.attempt === b.attempt
  );
}
