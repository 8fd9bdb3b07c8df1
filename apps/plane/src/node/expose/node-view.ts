import { arch, type as osType, release } from 'node:os';
import type { Clock, Log } from '@rankscope/daemon';
import { formatTimestamp, type NodeDiagnostics } from '@rankscope/schema';
import type { Instance } from '../supervise/instance.ts';
import type { Runner } from '../supervise/runner.ts';
import { describeRunner, recorderTrouble } from './describe-runner.ts';
import { describeProcess, readResources } from './node-resources.ts';
import { openRingView, type RingView } from './ring-view.ts';

/** This machine as its plane sees it. Everything is read when asked: at rest it costs nothing. */
export interface NodeView {
  diagnose(limit: number): NodeDiagnostics;
  close(): void;
}

export interface NodeViewOptions {
  readonly nodeId: string;
  readonly masterNodeId: () => string | null;
  readonly hostname: string;
  readonly friendlyName: string;
  readonly version: string;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly instance: () => Instance | null;
}

interface RunnerViews {
  readonly own: RingView;
  readonly supervisor: RingView;
}

export function openNodeView(options: NodeViewOptions): NodeView {
  const { clock, log, instance } = options;
  const views = new Map<string, RunnerViews>();
  /** Recorders that the log has been told of; one that is well again is forgotten. */
  const told = new Set<string>();

  const tellOnce = (runnerId: string, recorder: string, trouble: string | null) => {
    const key = `${runnerId} ${recorder}`;
    if (trouble === null) told.delete(key);
    else if (!told.has(key)) {
      told.add(key);
      log.warn(trouble, { runnerId });
    }
  };

  const viewsOf = ({ facts }: Runner): RunnerViews => {
    const { runnerId, ringPath } = facts.assignment;
    const known = views.get(runnerId);
    if (known) return known;
    const { wallAtNs } = clock;
    const made = {
      own: openRingView({ path: ringPath, wallAtNs, source: null }),
      supervisor: openRingView({ path: facts.supervisorRingPath, wallAtNs, source: 'supervisor' }),
    };
    views.set(runnerId, made);
    return made;
  };

  return {
    diagnose(limit) {
      const runners = instance()?.runners ?? [];
      const warnings: string[] = [];
      const supervisorRunners = runners.map((runner) => {
        const { own, supervisor } = viewsOf(runner);
        const { facts } = runner;
        const look = { own: own.look(limit, !facts.alive), supervisor: supervisor.look(limit, false) };
        for (const [recorder, glance] of Object.entries(look)) {
          const trouble = recorderTrouble(glance);
          tellOnce(facts.assignment.runnerId, recorder, trouble);
          if (trouble !== null) warnings.push(trouble);
        }
        return describeRunner({ facts, ...look, limit, nowNs: clock.monoNs(), wallAtNs: clock.wallAtNs });
      });
      return {
        generatedAt: formatTimestamp(clock.wallNs()),
        runtime: runtimeOf(options),
        identity: { friendlyName: options.friendlyName, osVersion: `${osType()} ${release()}`, chipId: arch() },
        resources: readResources(),
        processes: processesOf(runners),
        supervisorRunners,
        warnings,
      };
    },
    close() {
      for (const { own, supervisor } of views.values()) {
        own.close();
        supervisor.close();
      }
    },
  };
}

function runtimeOf(options: NodeViewOptions): NodeDiagnostics['runtime'] {
  const { nodeId, hostname, friendlyName, version, bootId } = options;
  const masterNodeId = options.masterNodeId();
  const isMaster = masterNodeId === nodeId;
  return {
    nodeId,
    hostname,
    friendlyName,
    isMaster,
    masterNodeId,
    cwd: process.cwd(),
    rankscopeVersion: version,
    bootId,
  };
}

function processesOf(runners: readonly Runner[]): NodeDiagnostics['processes'] {
  const rows = runners.flatMap(({ facts: { pid, alive, assignment } }) =>
    pid !== null && alive
      ? [{ pid, role: 'runner', command: `rankscope runner, rank ${assignment.rank} of ${assignment.worldSize}` }]
      : [],
  );
  return [{ pid: process.pid, role: 'plane', command: 'rankscope plane' }, ...rows].map(describeProcess);
}
