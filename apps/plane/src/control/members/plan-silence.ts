import { reportSilenceMs } from '@rankscope/schema';
import { forgetAfterMs, type Member, type MemberState, nextRevision } from './member-state.ts';

export interface SilencePlan {
  readonly state: MemberState;
  /** Those that reported a moment ago and no longer do. They stay expected. */
  readonly silent: readonly Member[];
  /** Those that have been silent for so long that nobody waits for them any more. */
  readonly forgotten: readonly Member[];
}

/** What mere time makes of the list of nodes. */
export function planSilence(state: MemberState, nowMs: number): SilencePlan {
  const silenceMs = (member: Member) => nowMs - member.lastReportMs;
  const forgotten = state.members.filter((member) => silenceMs(member) > forgetAfterMs);
  const silent = state.members.filter(
    (member) =>
      member.reportsSinceMs !== null && silenceMs(member) > reportSilenceMs && silenceMs(member) <= forgetAfterMs,
  );
  if (forgotten.length === 0 && silent.length === 0) return { state, silent, forgotten };
  const members = state.members
    .filter((member) => !forgotten.includes(member))
    .map((member) => (silent.includes(member) ? { ...member, reportsSinceMs: null } : member));
  const revision = forgotten.length > 0 ? nextRevision(state.revision, nowMs) : state.revision;
  return { state: { ...state, revision, members }, silent, forgotten };
}
