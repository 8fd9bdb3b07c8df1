import { type ClusterReport, maxClusterNodes, type ProblemCode, reportSilenceMs } from '@rankscope/schema';
import { type Leader, type Member, type MemberState, maxDeparted, nextRevision } from './member-state.ts';
import { reportedUrl } from './reported-url.ts';

/** Who answered at an address when it was asked. */
export interface Met {
  readonly nodeId: string;
  /** Null from a plane that does not tell. */
  readonly incarnation: string | null;
}

export interface Arrived {
  readonly report: ClusterReport;
  /** The address that the report came from. */
  readonly from: string | null;
  readonly nowMs: number;
  /** What asking brought so far, by address; null where nobody answered. */
  readonly met: ReadonlyMap<string, Met | null>;
}

export type ReportPlan =
  | { readonly kind: 'taken'; readonly state: MemberState; readonly news: 'joined' | 'moved' | 'back' | 'left' | null }
  /** It depends on who is there: ask, and plan again. */
  | { readonly kind: 'ask'; readonly url: string }
  | { readonly kind: 'refused'; readonly code: ProblemCode; readonly detail: string };

/**
 * What a report makes of the list of nodes.
 *
 * A node is its id. Under another address or as another process it takes its own place, never a second one; and a second
 * plane under the same id, which is a copied data directory, is refused for as long as the first answers.
 */
export function planReport(state: MemberState, arrived: Arrived, leader: Leader): ReportPlan {
  const { report } = arrived;
  const known = state.members.find(({ nodeId }) => nodeId === report.nodeId);
  if (report.leaving) return leave(state, arrived, known);
  if (state.departed.includes(report.incarnation)) return { kind: 'taken', state, news: null };

  const place = findPlace(state, arrived, leader, known);
  if (place.kind !== 'at') return place;
  // The leader is a node of the cluster too.
  if (known === undefined && state.members.length + 1 >= maxClusterNodes) {
    const detail = `This cluster has ${maxClusterNodes} nodes, which is as many as one may have. Stop a plane of it, or start this one without --join.`;
    return { kind: 'refused', code: 'cluster_full', detail };
  }
  return take(state, arrived, known, place.url);
}

type Place = { readonly kind: 'at'; readonly url: string } | Exclude<ReportPlan, { kind: 'taken' }>;

/** Where the node is, or why it cannot be who or where it says. */
function findPlace(state: MemberState, arrived: Arrived, leader: Leader, known: Member | undefined): Place {
  const { report, from, met, nowMs } = arrived;
  const url = reportedUrl(report, from);
  if (url === null) {
    const detail = `url: null, and the report came from ${from ?? 'an unknown address'}, which is none that others could use. Set RANKSCOPE_PUBLIC_URL.`;
    return { kind: 'refused', code: 'bad_body', detail };
  }
  if (report.nodeId === leader.nodeId) return refuseOwnId(report, url, leader);
  if (url === leader.url) {
    const detail = `url: ${url} is this leader's own address. Set RANKSCOPE_PUBLIC_URL of node ${report.nodeId} to where that plane is reached.`;
    return { kind: 'refused', code: 'address_taken', detail };
  }
  if (known?.url != null && known.incarnation !== report.incarnation) {
    const there = met.get(known.url);
    if (there === undefined) return { kind: 'ask', url: known.url };
    if (there?.nodeId === report.nodeId && there.incarnation !== report.incarnation)
      return refuseCopy(report, known.url, url);
  }
  if (known?.url != null && known.incarnation === report.incarnation && report.url === null && known.url !== url) {
    // A machine with two networks may report now by the one and now by the other: it stays where it is found.
    const there = met.get(known.url);
    if (there === undefined) return { kind: 'ask', url: known.url };
    if (there?.incarnation === report.incarnation) return { kind: 'at', url: known.url };
  }
  const owner = state.members.find((member) => member.url === url && member.nodeId !== report.nodeId);
  if (owner === undefined) return { kind: 'at', url };
  const there = met.get(url);
  if (there === undefined) return { kind: 'ask', url };
  const isReporters = there?.nodeId === report.nodeId;
  const isEmpty = there === null && nowMs - owner.lastReportMs > reportSilenceMs;
  if (isReporters || isEmpty) return { kind: 'at', url };
  const detail = `url: ${url} is where node ${there?.nodeId ?? owner.nodeId} is. Set RANKSCOPE_PUBLIC_URL of node ${report.nodeId} to where that plane is reached.`;
  return { kind: 'refused', code: 'address_taken', detail };
}

function refuseOwnId(report: ClusterReport, url: string, leader: Leader): Place {
  if (report.incarnation === leader.incarnation) {
    const detail =
      'This plane joins itself: RANKSCOPE_JOIN leads back to it. Name the leader of another plane, or leave it out.';
    return { kind: 'refused', code: 'not_leader', detail };
  }
  return refuseCopy(report, leader.url === null ? 'the leader’s own address' : `${leader.url}, the leader`, url);
}

function refuseCopy({ nodeId }: ClusterReport, first: string, second: string): Place {
  const detail = `Node ${nodeId} is alive at ${first}, and the plane at ${second} says that it is the same node: its data directory is a copy. Stop one of the two, or remove the file node-id from the data directory of the plane at ${second} and start it again.`;
  return { kind: 'refused', code: 'node_id_taken', detail };
}

function take(state: MemberState, { report, nowMs }: Arrived, known: Member | undefined, url: string): ReportPlan {
  const reported: Member = {
    nodeId: report.nodeId,
    url,
    friendlyName: report.friendlyName,
    version: report.version,
    incarnation: report.incarnation,
    bootId: report.bootId,
    lastReportMs: nowMs,
    reportsSinceMs: known?.incarnation === report.incarnation ? (known.reportsSinceMs ?? nowMs) : nowMs,
  };
  const others = state.members.map((member) =>
    member.nodeId === report.nodeId ? reported : member.url === url ? { ...member, url: null } : member,
  );
  const members = known === undefined ? [...others, reported] : others;
  const isNews = known === undefined || known.url !== url || known.friendlyName !== report.friendlyName;
  const revision = isNews ? nextRevision(state.revision, nowMs) : state.revision;
  return { kind: 'taken', state: { ...state, revision, members }, news: newsOf(known, reported) };
}

function newsOf(known: Member | undefined, now: Member): 'joined' | 'moved' | 'back' | null {
  if (known === undefined) return 'joined';
  if (known.url !== now.url) return 'moved';
  return known.reportsSinceMs === null || known.incarnation !== now.incarnation ? 'back' : null;
}

/** Only the process that the list means may take the node off it: a refused copy says goodbye for itself alone. */
function leave(state: MemberState, { report, nowMs }: Arrived, known: Member | undefined): ReportPlan {
  const departed = [...state.departed, report.incarnation].slice(-maxDeparted);
  if (known?.incarnation !== report.incarnation) return { kind: 'taken', state: { ...state, departed }, news: null };
  const members = state.members.filter(({ nodeId }) => nodeId !== report.nodeId);
  return {
    kind: 'taken',
    state: { revision: nextRevision(state.revision, nowMs), members, departed },
    news: 'left',
  };
}
