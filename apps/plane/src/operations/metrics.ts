import {
  metricNames as names,
  parseTimestampUs,
  type RunnerSupervisorDiagnostics,
  rankLabels,
  runnerPhases,
} from '@rankscope/schema';
import { clusterHistory } from './cluster-history.ts';
import type { Context } from './context.ts';

/** Everything Prometheus is told, read now. A rank that has ended is no longer told of. */
export async function metricsText(ctx: Context): Promise<{ text: string; contentType: string }> {
  // Loaded with the first scrape: many planes are never scraped.
  const { Registry, Gauge, Counter } = await import('prom-client');
  // A registry a scrape: what is gone is gone, without anybody having to remove it.
  const registers = [new Registry()];
  const gauge = (name: string, help: string, labelNames: readonly string[]) =>
    new Gauge({ name, help, labelNames, registers });
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    new Counter({ name, help, labelNames, registers });

  const rank = rankLabels;
  const memory = {
    active: gauge(names.mlxMemoryActive, 'Memory that MLX uses for arrays.', rank),
    cache: gauge(names.mlxMemoryCache, 'Memory that MLX keeps for reuse.', rank),
    peak: gauge(names.mlxMemoryPeak, 'Most memory MLX has used.', rank),
    wiredLimit: gauge(names.mlxMemoryWiredLimit, 'Limit of wired memory.', rank),
  };
  const phase = gauge(names.runnerPhase, 'The phase a rank is in: 1 for that one, 0 for the others.', [
    ...rank,
    'phase',
  ]);
  const phaseStart = gauge(names.phaseStart, 'When the rank entered its phase.', rank);
  const sinceProgress = gauge(names.secondsSinceProgress, 'Seconds since the newest entry of the recorder.', rank);
  const up = gauge(names.runnerUp, 'The process of the rank runs.', rank);
  const entries = counter(names.recorderEntries, 'Entries that the recorder has taken.', rank);
  const dropped = counter(names.recorderDropped, 'Entries overwritten before anybody read them.', rank);
  const tokens = counter(names.tokens, 'Tokens that the rank has sampled.', rank);

  for (const runner of ctx.view.diagnose(0).supervisorRunners.filter(({ processAlive }) => processAlive)) {
    const labels = labelsOf(runner);
    for (const [key, series] of Object.entries(memory) as [keyof typeof memory, typeof phaseStart][]) {
      const bytes = runner.lastMlxMemory?.[key]?.inBytes;
      if (bytes !== undefined) series.set(labels, bytes);
    }
    for (const name of runnerPhases) phase.set({ ...labels, phase: name }, Number(name === runner.phase));
    phaseStart.set(labels, parseTimestampUs(runner.phaseStartedAt) / 1e6);
    up.set(labels, 1);
    if (runner.rankscope?.secondsSinceProgress != null)
      sinceProgress.set(labels, runner.rankscope.secondsSinceProgress);
    entries.inc(labels, (runner.rankscope?.ringLastSeq ?? -1) + 1);
    dropped.inc(labels, runner.rankscope?.dropped ?? 0);
    tokens.inc(labels, ctx.serving()?.instance.runners[runner.deviceRank]?.facts.tokens ?? 0);
  }

  const reachable = gauge(names.nodeReachable, 'The node answered when it was last asked.', ['node']);
  reachable.set({ node: ctx.nodeId }, 1);
  const { lastGather } = ctx.cluster;
  for (const [node, answered] of lastGather.reachable) reachable.set({ node }, Number(answered));
  if (lastGather.seconds !== null)
    gauge(names.gatherDuration, 'How long the last question to all nodes took.', ['node']).set(
      { node: ctx.nodeId },
      lastGather.seconds,
    );
  const history = await clusterHistory(ctx);
  if (history !== null) {
    const tailed = {
      entries: counter(names.tailEntries, 'Entries of the node that were read into the store.', ['node']),
      dropped: counter(names.tailDropped, 'Entries of the node that were overwritten before they were read.', ['node']),
      refused: counter(names.tailRefused, 'Answers of the node that were not believed.', ['node']),
    };
    for (const { nodeId: node, ...counts } of history.nodes) {
      for (const key of ['entries', 'dropped', 'refused'] as const) tailed[key].inc({ node }, counts[key]);
    }
    gauge(names.storeRows, 'Entries in the store.', []).set(history.rows);
    gauge(names.storeBytes, 'Size of the store on disk.', []).set(history.diskBytes);
    counter(names.storeLost, 'Entries that the store did not keep.', []).inc(history.lostRows);
  }
  gauge('process_resident_memory_bytes', 'Memory of this plane.', []).set(process.memoryUsage.rss());
  const { user, system } = process.cpuUsage();
  counter('process_cpu_seconds_total', 'Processor time of this plane.', []).inc((user + system) / 1e6);
  const [registry] = registers;
  return { text: (await registry?.metrics()) ?? '', contentType: registry?.contentType ?? 'text/plain' };
}

function labelsOf(runner: RunnerSupervisorDiagnostics): Record<(typeof rankLabels)[number], string> {
  return {
    node: runner.nodeId,
    instance_id: runner.instanceId,
    model: runner.modelId,
    rank: String(runner.deviceRank),
  };
}
