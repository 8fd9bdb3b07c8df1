import { openRingReader, type RingEntry } from '@rankscope/flight-recorder';

/** What the ring of a dead rank says of its end. */
export interface DeadRing {
  readonly rank: number;
  readonly entries: readonly RingEntry[];
}

/** Whose newest collective was open when the victim died. */
export interface WhereItFell {
  readonly insideVictim: boolean;
  readonly insideSurvivor: boolean;
  /** The victim's task loop was in one of the decode phases. */
  readonly decoding: boolean;
}

export function readDeadRing(path: string, rank: number): DeadRing {
  const reader = openRingReader(path);
  try {
    return { rank, entries: reader.read({ next: 0 }, { limit: 1_000_000, writerDead: true }).entries };
  } finally {
    reader.close();
  }
}

/**
 * Says from last slots alone whether a kill fell inside an open collective: the newest collective slot that the victim,
 * or a survivor, had written by the moment of death is an enter, so that rank had entered it and not left.
 *
 * The moment of death is not known to the nanosecond. It is not before the signal was sent (`sentAtNs`, the clock of
 * the slots), and not before the victim's own last slot; the later of the two is taken, so no slot that a survivor wrote
 * because of the death (it enters no collective after its peer is gone, but it leaves one) is taken for an older one.
 */
export function whereItFell(victim: DeadRing, survivors: readonly DeadRing[], sentAtNs: bigint): WhereItFell {
  const lastWords = victim.entries.at(-1)?.tMonoNs ?? 0n;
  const diedAtNs = lastWords > sentAtNs ? lastWords : sentAtNs;
  const insideAtDeath = ({ entries }: DeadRing) =>
    entries.findLast(({ op, tMonoNs }) => op !== null && tMonoNs <= diedAtNs)?.kind === 'enter';
  const phase = victim.entries.findLast(({ op, kind, cell }) => op === null && kind === 'enter' && cell === 0)?.phase;
  return {
    insideVictim: insideAtDeath(victim),
    insideSurvivor: survivors.some(insideAtDeath),
    decoding: phase?.startsWith('decode') ?? false,
  };
}

/** The error that a survivor recorded before it ended; null when it recorded none. */
export function recordedError({ entries }: DeadRing): RingEntry | null {
  return entries.findLast(({ phase, event, rare }) => phase === 'error' && event === 'error' && rare) ?? null;
}
