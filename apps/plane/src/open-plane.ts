import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type Clock, type Log, readBootId, type Shutdown } from '@rankscope/daemon';
import { createCluster } from './cluster/gather/gather.ts';
import { openPeerBook } from './cluster/gather/peer-book.ts';
import { createTimelineFeed } from './cluster/gather/timeline-feed.ts';
import type { Config } from './config.ts';
import { createLazyIntake } from './control/intake/lazy-intake.ts';
import { openDataDirectory } from './data-directory.ts';
import { createApp } from './http/app.ts';
import { listen } from './http/listen.ts';
import { openNodeView } from './node/expose/node-view.ts';
import { openModel } from './open-model.ts';
import type { Context } from './operations/context.ts';
import type { ParentChannel } from './parent-channel.ts';

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
  const { nodeId, runnersDir, peersPath, lock } = opened.directory;
  shutdown.add('lock', lock.close);

  const book = openPeerBook(peersPath, config.peers);
  const model = openModel({ config, clock, log, newId, parent, nodeId, bootId, runnersDir });
  shutdown.add('ranks', model.close, { deadlineMs: model.closeDeadlineMs });
  const view = openNodeView({
    nodeId,
    masterNodeId: book.urls.length === 0 ? nodeId : null,
    hostname: hostname(),
    friendlyName: config.nodeName,
    version: readVersion(),
    bootId,
    clock,
    log,
    instance: () => model.serving()?.instance ?? null,
  });
  shutdown.add('recorder readers', view.close);
  const intake = createLazyIntake({
    wallNs: clock.wallNs,
    log,
    knowsRunner: (runnerId) =>
      model.serving()?.instance.runners.some(({ facts }) => facts.assignment.runnerId === runnerId) ?? false,
    expectsNode: (id) => id === nodeId || book.urlOf(id) !== null,
    onBatch: null,
  });
  shutdown.add('telemetry intake', intake.close);
  const nowMs = () => Number(clock.monoNs() / 1_000n) / 1_000;
  const cluster = createCluster({
    localNodeId: nodeId,
    book,
    deadlineMs: config.nodeDeadlineMs,
    token: config.token,
    diagnose: view.diagnose,
    heard: intake.nodes,
    nowMs,
  });
  const feed = createTimelineFeed({ cluster, wallNs: clock.wallNs });
  const ctx: Context = {
    nodeId,
    injectAllowed: config.injectAllowed,
    nodeDeadlineMs: config.nodeDeadlineMs,
    taskDeadlineMs: config.deadlines.taskMs,
    token: config.token,
    clock,
    newId,
    newSeed,
    view,
    cluster,
    feed,
    intake,
    wantsModel: config.model.model !== null,
    serving: model.serving,
    whyNotServing: model.whyNot,
  };

  let address = '';
  const app = createApp({ ctx, log, token: config.token, webDir: config.webDir, url: () => address });
  const listened = await listen(app, config);
  if (listened.kind === 'refused') return listened;
  const { url, close } = listened.door;
  address = url;
  shutdown.add('port', close);
  shutdown.add('live timelines', feed.close);
  shutdown.add('open answers', model.endAnswers);
  log.info('listening', { url, nodeId });
  parent.tell({ type: 'listening', url });
  model.start();
  return { kind: 'opened', url };
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
