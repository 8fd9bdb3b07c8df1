import type { RingEntry, RingState } from '@rankscope/flight-recorder';
import { type LostSpanError, runnerExitCodes } from '@rankscope/schema';
import { latestNs } from './latest-ns.ts';

/** How a rank's process ended. */
export interface RankEnd {
  /** `clean`: it was asked to end and did. */
  readonly kind: 'clean' | Exclude<LostSpanError, 'killed_after_hang'>;
  /** As its supervisor put it: `rank 1 (pid 77) was killed by SIGKILL`. */
  readonly detail: string;
  /** It gave no sign of life any more when it was killed. */
  readonly stalled: boolean;
  /** Heartbeat or task loop, whichever spoke last; entries may be later. */
  readonly lastLifeNs: bigint | null;
}

export interface EndEvidence {
  /** Of the supervisor's recorder; empty where there is none. */
  readonly supervisor: readonly RingEntry[];
  readonly state: RingState | null;
  /** The newest entries of the rank's own recorder. */
  readonly last: readonly Pick<RingEntry, 'event' | 'text'>[];
}

/** From what the supervisor wrote; where nobody supervised, from the last words of the rank itself. */
export function findRankEnd({ supervisor, state, last }: EndEvidence): RankEnd {
  const lastLifeNs = latestNs([state?.heartbeatNs, state?.loopNs]);
  const stalled =
    supervisor.findLast(({ event }) => event === 'process_stalled' || event === 'process_resumed')?.event ===
    'process_stalled';
  const said = supervisor.findLast(({ event }) => event === 'process_died' || event === 'process_exited');
  const detail = said?.text ?? '';
  const code = typeof said?.attrs?.exitCode === 'number' ? said.attrs.exitCode : null;
  const kind =
    said === undefined ? unsupervised(state, last) : said.event === 'process_died' ? 'killed' : exited(code, detail);
  return { kind, detail: detail || 'nobody saw how', stalled, lastLifeNs };
}

/** By the code, which the supervisor writes beside its sentence; a rank at rest that had to end says for whom. */
function exited(code: number | null, detail: string): RankEnd['kind'] {
  if (code === runnerExitCodes.peerLost || detail.startsWith('asked to end')) return 'peer_lost';
  return code === runnerExitCodes.clean ? 'clean' : 'exited';
}

function unsupervised(state: RingState | null, last: EndEvidence['last']): RankEnd['kind'] {
  if (state?.clean) return exited(state.exitCode, '');
  if (last.at(-1)?.event === 'channel_closed') return 'exited';
  const failure = last.findLast(({ event }) => event === 'error');
  if (failure !== undefined) return failure.text?.startsWith('peer_lost') ? 'peer_lost' : 'exited';
  return 'killed';
}
