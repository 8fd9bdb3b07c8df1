import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type Clock, type Log, readBootId, type Shutdown } from '@rankscope/daemon';
import { createCluster } from './cluster/gather/gather.ts';
import { createTimelineFeed } from './cluster/gather/timeline-feed.ts';
import type { Config } from './config.ts';
import { createLazyIntake } from './control/intake/lazy-intake.ts';
import { openDataDirectory } from './data-directory.ts';
import { createApp } from './http/app.ts';
import { listen } from './http/listen.ts';
import type { RecorderSource } from './node/export/exported-recorders.ts';
import { openNodeExport } from './node/export/node-export.ts';
import { openDurations } from './node/expose/durations.ts';
import { openNodeEntries } from './node/expose/node-entries.ts';
import { openNodeView } from './node/expose/node-view.ts';
import type { Runner } from './node/supervise/runner.ts';
import { openKeeping } from './open-keeping.ts';
import { openMembership, planeTokenOf, takesJoins } from './open-membership.ts';
import { openModel } from './open-model.ts';
import type { Context } from './operations/context.ts';
import { exportMetrics } from './operations/metrics/export-metrics.ts';
import { historyMetrics } from './operations/metrics/history-metrics.ts';
import { intakeMetrics } from './operations/metrics/intake-metrics.ts';
import { planeMetrics } from './operations/metrics/plane-metrics.ts';
import type { ParentChannel } from './parent-channel.ts';
import { openTracing } from './tracing/open-tracing.ts';

export interface OpenPlaneOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: () => string;
  readonly newSeed: () => number;
  readonly shutdown: Shutdown;
  readonly parent: ParentChannel;
}

export type OpenedPlane =
  | { readonly kind: 'opened'; readonly url: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** Opens everything a plane is, in order; what was opened is closed by the shutdown, in reverse. */
export async function openPlane(options: OpenPlaneOptions): Promise<OpenedPlane> {
  const { config, clock, log, newId, newSeed, shutdown, parent } = options;
  const bootId = readBootId();
  const opened = openDataDirectory(config.dataDir, { bootId, newId });
  if (opened.kind === 'refused') return opened;
  const { nodeId, runnersDir, exportDir, lock } = opened.directory;
  shutdown.add('lock', lock.close);

  const incarnation = newId();
  const version = readVersion();
  const random = () => newSeed() / 2 ** 32;
  const onFirst = (text: string) => parent.tell({ type: 'cluster', text });
  const { directory } = opened;
  const joining = openMembership({ config, clock, log, directory, incarnation, bootId, version, random, onFirst });
  const { membership, book } = joining;
  const onCommand = (commandId: string, kind: string) => telemetry.commandAccepted(commandId, kind);
  const model = openModel({ config, clock, log, newId, parent, nodeId, bootId, runnersDir, onCommand });
  // Closed after the ranks, so that how they ended is told too.
  const telemetry = await openNodeExport({
    settings: config.otlp,
    exportDir,
    runnersDir,
    nodeId,
    bootId,
    hostName: hostname(),
    version,
    clock,
    log,
    recorders: () => (model.serving()?.instance.runners ?? []).map(recorderOf),
  });
  shutdown.add('telemetry', telemetry.close);
  const tracing = await openTracing(telemetry);
  shutdown.add('tracing', tracing.close);
  shutdown.add('ranks', model.close, { deadlineMs: model.closeDeadlineMs });
  const view = openNodeView({
    nodeId,
    masterNodeId: () => book.masterNodeId,
    hostname: hostname(),
    friendlyName: config.nodeName,
    version,
    bootId,
    clock,
    log,
    instance: () => model.serving()?.instance ?? null,
  });
  shutdown.add('recorder readers', view.close);
  const entries = openNodeEntries({ nodeId, bootId, runnersDir, clock, log, diagnose: () => view.diagnose(0) });
  shutdown.add('entry readers', entries.close);
  const intake = createLazyIntake({
    wallNs: clock.wallNs,
    log,
    knowsRunner: (runnerId) =>
      (model.serving()?.instance.runners.some(({ facts }) => facts.assignment.runnerId === runnerId) ?? false) ||
      (kept.keeping?.tail.hasRunner(runnerId) ?? false),
    expectsNode: (id) => id === nodeId || book.peers().some((peer) => peer.nodeId === id),
    // Who does not lead keeps nothing, and says so of what it forgets.
    onBatch: book.masterNodeId === nodeId ? async (tailed) => kept.keeping?.store.append(tailed) : null,
  });
  const nowMs = () => Number(clock.monoNs() / 1_000n) / 1_000;
  const cluster = createCluster({
    localNodeId: nodeId,
    book,
    deadlineMs: config.nodeDeadlineMs,
    token: planeTokenOf(config),
    diagnose: view.diagnose,
    lastWords: (nodeId, limit, deadlineMs) => kept.lastWords(nodeId, limit, deadlineMs),
    heard: intake.nodes,
    nowMs,
    wallNs: clock.wallNs,
  });
  const kept = openKeeping({ config, token: planeTokenOf(config), cluster, entries, clock, log });
  shutdown.add('entry store', kept.close);
  // Closing runs in reverse: what telemetry brought last is written before its store closes.
  shutdown.add('telemetry intake', intake.close);
  const feed = createTimelineFeed({ cluster, wallNs: clock.wallNs });
  const durations = openDurations({ runners: () => model.serving()?.instance.runners ?? [], nowMs });
  shutdown.add('duration readers', durations.close);
  const rooms = [
    ...(kept.keeping === null ? [] : [historyMetrics(nodeId, kept.keeping)]),
    exportMetrics(nodeId, telemetry.facts),
    intakeMetrics(nodeId, intake.facts),
  ];
  const metrics = planeMetrics({ nodeId, view, durations, cluster, clock, log, nowMs, serving: model.serving, rooms });
  const ctx: Context = {
    nodeId,
    injectAllowed: config.injectAllowed,
    nodeDeadlineMs: config.nodeDeadlineMs,
    taskDeadlineMs: config.deadlines.taskMs,
    incarnation,
    planeToken: planeTokenOf(config),
    clock,
    newId,
    newSeed,
    view,
    entries,
    keeping: kept.keeping,
    cluster,
    membership,
    takesJoins: takesJoins(config),
    feed,
    metrics,
    tracing,
    intake,
    wantsModel: config.model.model !== null,
    serving: model.serving,
    whyNotServing: model.whyNot,
  };

  let address = '';
  const app = createApp({ ctx, log, tokens: config, webDir: config.webDir, url: () => address });
  const listened = await listen(app, config);
  if (listened.kind === 'refused') return listened;
  const { url, port, close } = listened.door;
  address = url;
  shutdown.add('port', close);
  shutdown.add('waits for entries', entries.close);
  shutdown.add('live timelines', feed.close);
  shutdown.add('open answers', model.endAnswers);
  shutdown.add('cluster', joining.close);
  log.info('listening', { url, nodeId });
  parent.tell({ type: 'listening', url });
  joining.start({ url, port });
  model.start();
  return { kind: 'opened', url };
}

function recorderOf({ facts }: Runner): RecorderSource {
  const { runnerId, ringPath } = facts.assignment;
  return { runnerId, ringPath, supervisorPath: facts.supervisorRingPath, pid: facts.pid, alive: facts.alive };
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
