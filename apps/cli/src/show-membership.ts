import { type ClusterNodes, parseTimestampUs } from '@rankscope/schema';

/** One line for who leads, and how the plane that was asked stands to it. */
export function showLeader({ role, leader, masterNodeId, nodes }: ClusterNodes, now: string): string {
  if (role === 'peers') return 'no leader: these planes were started with --peers';
  const name = nodes.find(({ nodeId }) => nodeId === masterNodeId)?.friendlyName ?? masterNodeId;
  if (leader === null) return `led by ${name}, the plane that was asked`;
  const at = name === null ? `the plane at ${leader.url}` : `${name} at ${leader.url}`;
  if (leader.answers) return `led by ${at}, which the plane that was asked has joined`;
  return `led by ${at}; for ${showAge(leader.since, now)} ${leader.error ?? 'it has taken no report'}`;
}

/**
 * For how long each node has reported, by id. Who reports to nobody has no word here, and nobody has where the leader
 * cannot be heard: only it knows.
 */
export function reportAges(
  { role, leader, masterNodeId, nodes }: ClusterNodes,
  now: string,
): ReadonlyMap<string, string> {
  const ages = new Map<string, string>();
  if (role === 'peers' || leader?.answers === false) return ages;
  for (const { nodeId, reportsSince } of nodes)
    if (nodeId !== masterNodeId) ages.set(nodeId, reportsSince === null ? 'silent' : showAge(reportsSince, now));
  return ages;
}

/** `12 s`, `3 min`, `5 h`, `2 d`: a node is new or it is not, and nobody asks for more. */
function showAge(since: string, now: string): string {
  const seconds = Math.max(0, (parseTimestampUs(now) - parseTimestampUs(since)) / 1e6);
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
