import { join } from 'node:path';
import type { Assignment, InstanceId, ShardPlan, ToRunner } from '@rankscope/schema';
import { type HeartbeatWatch, watchHeartbeat } from './heartbeat-watch.ts';
import { findCause, howItEnded } from './how-it-ended.ts';
import { type Runner, type RunnerEvent, startRunner } from './runner.ts';
import { shardLayers } from './shard-layers.ts';
import { openSupervisorRing, type SupervisorRing } from './supervisor-ring.ts';

/** All ranks of one model on this machine. */
export interface Instance {
  readonly instanceId: InstanceId;
  readonly modelId: string;
  readonly createdAtSeconds: number;
  /** In rank order; ended ranks stay. */
  readonly runners: readonly Runner[];
  broadcast(message: ToRunner): void;
  subscribe(listener: (event: RunnerEvent) => void): () => void;
  /** Asks all ranks to end, then makes them. Returns when every process has been reaped. */
  close(): Promise<void>;
}

export interface InstanceOptions {
  /** In rank order, at least one. */
  readonly assignments: readonly Assignment[];
  readonly plan: ShardPlan;
  readonly nLayers: number;
  readonly runnersDir: string;
  readonly runnerMain: string;
  readonly monoNs: () => bigint;
  readonly wallMs: () => number;
}

/** How long ranks have to end by themselves: after a peer died, and after a polite request. */
const graceMs = 5_000;
/** From SIGTERM to SIGKILL, which also a stopped process obeys. */
const killAfterMs = 1_000;
const tickMs = 1_000;

interface Member {
  readonly runner: Runner;
  readonly ring: SupervisorRing;
  readonly heartbeat: HeartbeatWatch;
}

/** Starts one process per assignment, in rank order, and looks after them until they have ended. */
export function superviseInstance(options: InstanceOptions): Instance {
  const [first] = options.assignments;
  if (first === undefined) throw new Error('an instance without ranks');
  const listeners = new Set<(event: RunnerEvent) => void>();
  const members: Member[] = [];
  let cleanUp: NodeJS.Timeout | null = null;
  let closing = false;

  const onEvent = (event: RunnerEvent) => {
    if (event.kind === 'ended') {
      const member = members[event.rank];
      if (member) recordEnd(member);
      if (!closing) askToEnd(members.filter(isIdle), members);
      cleanUp ??= setTimeout(() => {
        if (!closing) askToEnd(members);
        void endForcibly(members);
      }, graceMs);
    }
    for (const listener of listeners) listener(event);
  };
  // Rank order: the last rank connects to the first and expects it to listen.
  try {
    for (const assignment of options.assignments) members.push(startMember(options, assignment, onEvent));
  } catch (error) {
    // Half a group computes nothing, and nobody would look after it.
    closing = true;
    void endForcibly(members);
    throw error;
  }
  const ticker = setInterval(() => {
    for (const { runner, heartbeat } of members) {
      runner.trimLog();
      heartbeat.check(options.monoNs());
    }
  }, tickMs);

  return {
    instanceId: first.instanceId,
    modelId: first.modelId,
    createdAtSeconds: Math.floor(options.wallMs() / 1000),
    runners: members.map((member) => member.runner),
    broadcast: (message) => {
      for (const { runner } of members) runner.send(message);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      clearInterval(ticker);
      closing = true;
      for (const { runner } of members) runner.send({ type: 'shutdown', reason: null });
      await within(graceMs, allEnded(members));
      await endForcibly(members);
      if (cleanUp) clearTimeout(cleanUp);
      for (const { ring } of members) ring.close();
    },
  };
}

function startMember(options: InstanceOptions, assignment: Assignment, onEvent: (event: RunnerEvent) => void): Member {
  const file = (suffix: string) => join(options.runnersDir, `${assignment.runnerId}.${suffix}`);
  const runner = startRunner({
    assignment,
    layers: shardLayers(options.plan, assignment.rank, assignment.worldSize, options.nLayers),
    runnerMain: options.runnerMain,
    logPath: file('log'),
    supervisorRingPath: file('supervisor.ring'),
    monoNs: options.monoNs,
    onEvent,
  });
  const ring = openSupervisorRing(runner.facts);
  ring.record('process_started', `pid ${runner.facts.pid ?? 'none'}`);
  return { runner, ring, heartbeat: watchHeartbeat(runner.facts, ring) };
}

function recordEnd({ runner: { facts }, ring }: Member): void {
  const { exitCode, exitSignal, askedToEnd } = facts;
  // Whoever was asked to end died of nothing, even where it had to be made to.
  const event = exitSignal !== null && askedToEnd === null ? 'process_died' : 'process_exited';
  const attrs = { ...(exitCode !== null && { exitCode }), ...(exitSignal !== null && { exitSignal }) };
  ring.record(event, askedToEnd ?? howItEnded(facts), attrs);
}

/** A rank at work notices by itself that a peer is gone, and records it. One at rest waits for orders and would not. */
function isIdle({ runner: { facts } }: Member): boolean {
  return facts.pendingTaskIds.size === 0;
}

/** Tells survivors whose end is the reason for theirs. */
function askToEnd(asked: readonly Member[], all = asked): void {
  const cause = findCause(all.map(({ runner }) => runner.facts));
  if (cause) for (const { runner } of asked) runner.askToEnd(`asked to end: ${howItEnded(cause)}`);
}

/** SIGTERM, then SIGKILL, to whoever still lives. */
async function endForcibly(members: readonly Member[]): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const living = members.filter(({ runner }) => runner.facts.alive);
    if (living.length === 0) return;
    for (const { runner } of living) runner.signal(signal);
    await within(killAfterMs, allEnded(living));
  }
}

async function allEnded(members: readonly Member[]): Promise<void> {
  await Promise.all(members.map(({ runner }) => runner.ended));
}

async function within(deadlineMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((done) => (timer = setTimeout(done, deadlineMs)))]);
  clearTimeout(timer);
}
