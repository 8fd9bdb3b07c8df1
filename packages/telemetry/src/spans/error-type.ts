import { FailureClass, type LostSpanError } from '@rankscope/schema';
import { findPhaseClass } from './phase-class.ts';
import type { RankEnd } from './rank-end.ts';

/** A failure's text begins with its class, as in `peer_lost: rank 1 …`; null where it does not. */
export function findFailureClass(text: string | null): FailureClass | null {
  const found = FailureClass.safeParse(text?.split(':')[0]);
  return found.success ? found.data : null;
}

export interface LostPhase {
  readonly phase: string;
  /** It was open for so long that a marker was due. */
  readonly overdue: boolean;
}

/** A hang is a phase that was long overdue, or a process that gave no sign of life any more; to rest is neither. */
export function findLostError({ kind, stalled }: RankEnd, inside: LostPhase | null): LostSpanError {
  if (kind === 'clean') return 'exited';
  const hung = stalled || (inside?.overdue === true && findPhaseClass(inside.phase) !== 'rest');
  return kind === 'killed' && hung ? 'killed_after_hang' : kind;
}
