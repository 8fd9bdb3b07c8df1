import { setTimeout as sleep } from 'node:timers/promises';
import { fetchJson } from '@rankscope/client';
import type { Log } from '@rankscope/daemon';
import {
  type ClusterNodes,
  type ClusterReport,
  ClusterReportAnswer,
  formatTimestamp,
  reportHoldMs,
} from '@rankscope/schema';
import type { JoinedPeers } from './joined-peers.ts';
import { type Outcome, planReporting, type Reporting, startReportingState } from './plan-reporting.ts';

/** The leader may hold a report, and first ask two addresses who is there; then there is the way to it and back. */
const reportDeadlineMs = reportHoldMs + 3_000;
/** 256 nodes with the longest names and addresses are some 650 KB. */
const maxAnswerBytes = 1024 * 1024;
/** A goodbye is a courtesy: a plane that ends does not wait longer for a leader that is not there. */
const leaveDeadlineMs = 1_000;

/** This plane as a node of another's cluster: it reports, over and over, and takes the list of nodes from the answers. */
export interface JoinedCluster {
  readonly joinUrl: string;
  readonly peers: JoinedPeers;
  readonly own: Pick<ClusterReport, 'incarnation'>;
  standing(): NonNullable<ClusterNodes['leader']>;
  /** Reports from now on. Returns at once: a plane does not wait for its leader. */
  start(self: Pick<ClusterReport, 'url' | 'port'>): void;
  /** Says goodbye, so that the plane is not expected any more. */
  close(): Promise<void>;
}

export interface JoinedClusterOptions {
  readonly joinUrl: string;
  readonly peers: JoinedPeers;
  /** What is the same in every report. */
  readonly own: Omit<ClusterReport, 'url' | 'port' | 'revision' | 'leaving'>;
  /** What planes show each other. */
  readonly token: string | null;
  readonly nowMs: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** The first report has come to something; a sentence for the person who started the plane. */
  readonly onFirst: (sentence: string) => void;
}

export function openJoinedCluster(options: JoinedClusterOptions): JoinedCluster {
  const { joinUrl, peers, own, token, nowMs, random, log, onFirst } = options;
  const stopped = new AbortController();
  let state: Reporting = startReportingState(nowMs());
  let self: Pick<ClusterReport, 'url' | 'port'> | null = null;
  let reporting: Promise<void> = Promise.resolve();
  let taken = false;

  const send = (report: ClusterReport, deadlineMs: number, signal?: AbortSignal) =>
    fetchJson({
      url: `${joinUrl}/v1/cluster/report`,
      schema: ClusterReportAnswer,
      body: report,
      deadlineMs,
      maxBytes: maxAnswerBytes,
      signal,
      ...(token !== null && { headers: { authorization: `Bearer ${token}` } }),
    });
  const report = async (where: Pick<ClusterReport, 'url' | 'port'>) => {
    while (!stopped.signal.aborted) {
      const body = { ...own, ...where, revision: peers.revision, leaving: false };
      const answer = await send(body, reportDeadlineMs, stopped.signal);
      if (stopped.signal.aborted) return;
      if (answer.kind === 'ok') {
        taken = true;
        peers.take(answer.value);
      }
      const outcome: Outcome =
        answer.kind === 'ok'
          ? { kind: 'answered', masterNodeId: answer.value.masterNodeId, nodes: answer.value.peers.length }
          : answer;
      const plan = planReporting(state, outcome, { nowMs: nowMs(), random: random(), hasJoinToken: token !== null });
      const isFirst = state.answers === null;
      state = plan.next;
      if (plan.say !== null)
        log[plan.say.level](plan.say.message, { leader: joinUrl, masterNodeId: peers.masterNodeId });
      if (isFirst) onFirst(firstSentence(joinUrl, outcome, state));
      await sleep(plan.pauseMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  };

  return {
    joinUrl,
    peers,
    own,
    standing: () => ({
      url: joinUrl,
      answers: state.answers === true,
      since: formatTimestamp(BigInt(state.sinceMs) * 1_000_000n),
      error: state.answers === null ? 'it has taken no report yet' : state.error,
    }),
    start(where) {
      self = where;
      reporting = report(where);
    },
    async close() {
      stopped.abort();
      await reporting;
      // One that never took a report expects nobody.
      if (self === null || !taken) return;
      await send({ ...own, ...self, revision: peers.revision, leaving: true }, leaveDeadlineMs);
    },
  };
}

function firstSentence(joinUrl: string, outcome: Outcome, { error }: Reporting): string {
  if (outcome.kind === 'failed') return `It is to join the cluster at ${joinUrl}, but ${error}. It goes on asking.`;
  return `It has joined the cluster at ${joinUrl}, now ${outcome.nodes} nodes.`;
}
