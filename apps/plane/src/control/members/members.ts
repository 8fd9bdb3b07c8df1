import type { Log } from '@rankscope/daemon';
import {
  type ClusterPeer,
  type ClusterReport,
  type ClusterReportAnswer,
  ProblemError,
  reportHoldMs,
  reportSilenceMs,
} from '@rankscope/schema';
import { listedPeer, type PeerBook } from '../../cluster/gather/peer-book.ts';
import type { KeptFile } from '../../cluster/kept-file.ts';
import { createHeldReports } from './held-reports.ts';
import type { KeptMembers } from './kept-members.ts';
import { type Leader, type Member, type MemberState, nextRevision } from './member-state.ts';
import { type Met, planReport } from './plan-report.ts';
import { planSilence } from './plan-silence.ts';
import { createToldPeers } from './told-peers.ts';

/** The nodes of the cluster that this plane leads. */
export interface Members extends PeerBook {
  /** From now on reports are taken. */
  start(self: { readonly url: string | null }): void;
  /** Takes a report and holds it until there is news. Throws a ProblemError when it is refused. */
  take(report: ClusterReport, from: string | null, signal: AbortSignal): Promise<ClusterReportAnswer>;
  /** Everybody, this plane first. */
  list(): ClusterPeer[];
  /** Answers what is held. */
  close(): void;
}

export interface MembersOptions {
  readonly nodeId: string;
  readonly incarnation: string;
  readonly friendlyName: string;
  readonly file: KeptFile<KeptMembers>;
  readonly nowMs: () => number;
  readonly log: Log;
  /** Who answers at an address; null when nobody does. */
  readonly ask: (url: string) => Promise<Met | null>;
}

/** A report asks about two addresses at most; beyond that the list changes faster than it can be read. */
const maxTurns = 4;
/** Questions of who is where, at one time: more means that somebody makes nodes up. */
const maxAsking = 32;

export function openMembers(options: MembersOptions): Members {
  const { nodeId, incarnation, friendlyName, file, nowMs, log, ask } = options;
  const held = createHeldReports({ holdMs: reportHoldMs });
  const listeners = new Set<() => void>();
  const told = createToldPeers();
  const kept = file.read();
  let state: MemberState = startingState(kept, nowMs());
  let leader: Leader = { nodeId, incarnation, url: null };
  let asking = 0;
  let sweep: NodeJS.Timeout | undefined;

  const keep = () => {
    const members = state.members.map(({ lastReportMs: _, reportsSinceMs: __, ...member }) => member);
    file.write({ revision: state.revision, leader: { nodeId, url: leader.url, friendlyName }, members });
  };
  const commit = (next: MemberState) => {
    const isNews = next.revision !== state.revision;
    const isOther = isNews || next.members.some(({ incarnation: id }, at) => id !== state.members[at]?.incarnation);
    state = next;
    if (isOther) keep();
    if (!isNews) return;
    held.wake();
    for (const listener of listeners) listener();
  };
  const askOne = async (url: string): Promise<Met | null> => {
    if (asking >= maxAsking)
      throw new ProblemError(
        'overloaded',
        `${maxAsking} reports already wait for an answer of who is where; try again.`,
      );
    asking += 1;
    try {
      return await ask(url);
    } finally {
      asking -= 1;
    }
  };
  const admit = async (report: ClusterReport, from: string | null): Promise<void> => {
    const met = new Map<string, Met | null>();
    for (let turn = 0; turn < maxTurns; turn += 1) {
      const plan = planReport(state, { report, from, nowMs: nowMs(), met }, leader);
      if (plan.kind === 'refused') throw new ProblemError(plan.code, plan.detail);
      if (plan.kind === 'taken') {
        commit(plan.state);
        if (plan.news !== null) tellNews(log, plan.news, report, state.members);
        return;
      }
      met.set(plan.url, await askOne(plan.url));
    }
    throw new ProblemError('overloaded', 'The list of nodes changes faster than it can be read; try again.');
  };
  const listen = () => {
    const { state: next, silent, forgotten } = planSilence(state, nowMs());
    commit(next);
    for (const { nodeId: id, url } of silent) log.warn('a node has stopped reporting', { nodeId: id, url });
    for (const { nodeId: id, url } of forgotten)
      log.warn('a node was silent for a day and is no longer expected', { nodeId: id, url });
  };
  const list = (): ClusterPeer[] => [
    { nodeId, url: leader.url, friendlyName, reportsSince: null },
    ...told(state.members),
  ];

  return {
    masterNodeId: nodeId,
    peers: () => state.members.map((member) => listedPeer(member.nodeId, member.url, member.friendlyName)),
    remember: () => undefined,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start({ url }) {
      leader = { ...leader, url };
      const was = kept?.leader;
      if (was?.nodeId !== nodeId || was.url !== url || was.friendlyName !== friendlyName) {
        state = { ...state, revision: nextRevision(state.revision, nowMs()) };
        keep();
      }
      sweep = setInterval(listen, reportSilenceMs);
    },
    async take(report, from, signal) {
      await admit(report, from);
      if (!report.leaving && report.revision === state.revision) {
        await held.hold(report.nodeId, signal);
        // Its connection stood all the while.
        if (!signal.aborted) state = heard(state, report, nowMs());
      }
      return { masterNodeId: nodeId, revision: state.revision, peers: list() };
    },
    list,
    close() {
      clearInterval(sweep);
      held.close();
    },
  };
}

function startingState(kept: KeptMembers | null, nowMs: number): MemberState {
  const members = (kept?.members ?? []).map((member) => ({ ...member, lastReportMs: nowMs, reportsSinceMs: null }));
  return { revision: kept?.revision ?? 0, members, departed: [] };
}

function heard(state: MemberState, { nodeId, incarnation }: ClusterReport, nowMs: number): MemberState {
  const members = state.members.map((member) =>
    member.nodeId === nodeId && member.incarnation === incarnation ? { ...member, lastReportMs: nowMs } : member,
  );
  return { ...state, members };
}

const sentences = {
  joined: 'a node has joined',
  moved: 'a node has a new address',
  back: 'a node reports again',
  left: 'a node has left',
} as const;

function tellNews(log: Log, news: keyof typeof sentences, report: ClusterReport, members: readonly Member[]): void {
  const url = members.find(({ nodeId }) => nodeId === report.nodeId)?.url ?? report.url;
  log.info(sentences[news], { nodeId: report.nodeId, name: report.friendlyName, url });
}
