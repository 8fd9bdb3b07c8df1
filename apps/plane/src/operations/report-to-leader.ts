import { type ClusterReport, type ClusterReportAnswer, ProblemError } from '@rankscope/schema';
import type { Context } from './context.ts';

/** Takes the report of a node of this plane's cluster; held open until there is news, three seconds at most. */
export function reportToLeader(
  { membership, takesJoins }: Pick<Context, 'membership' | 'takesJoins'>,
  report: ClusterReport,
  from: string | null,
  signal: AbortSignal,
): Promise<ClusterReportAnswer> {
  if (membership.role === 'leader') {
    if (takesJoins) return membership.members.take(report, from, signal);
    throw new ProblemError(
      'joining_not_allowed',
      'This plane can be reached by others, and takes no nodes while its RANKSCOPE_JOIN_TOKEN is not set: set it, the same for all planes of the cluster.',
    );
  }
  throw new ProblemError('not_leader', whyNotLeader(membership, report));
}

function whyNotLeader(membership: Exclude<Context['membership'], { role: 'leader' }>, report: ClusterReport): string {
  if (membership.role === 'peers')
    return 'This plane leads nobody: it was started with RANKSCOPE_PEERS, a cluster without a leader. Start it without, or leave out RANKSCOPE_JOIN.';
  const { joinUrl, own } = membership.joined;
  if (own.incarnation === report.incarnation)
    return 'This plane joins itself: RANKSCOPE_JOIN leads back to it. Name the leader, or leave it out.';
  return `This plane does not lead: it has joined the cluster at ${joinUrl} itself. Set RANKSCOPE_JOIN to that address.`;
}
