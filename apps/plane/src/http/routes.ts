import {
  ClusterAnalysis,
  ClusterDiagnostics,
  ClusterTimelineWritten,
  InjectAnswer,
  InjectRequest,
  incarnationHeader,
  ModelList,
  NodeDiagnostics,
  NodeDiagnosticsQuery,
  TimelineQuery,
} from '@rankscope/schema';
import type { Context as Call } from 'hono';
import { accepts } from 'hono/accepts';
import { z } from 'zod';
import { cancelTask } from '../operations/cancel-task.ts';
import { clusterAnalysis } from '../operations/cluster-analysis.ts';
import { clusterDiagnostics } from '../operations/cluster-diagnostics.ts';
import { clusterTimeline } from '../operations/cluster-timeline.ts';
import { injectFault, injectFaultAt } from '../operations/inject-fault.ts';
import { listModels } from '../operations/list-models.ts';
import { expositionTypes } from '../operations/metrics/exposition.ts';
import { nodeDiagnostics } from '../operations/node-diagnostics.ts';
import { oneNode } from '../operations/one-node.ts';
import { PrometheusTargets, prometheusTargets } from '../operations/prometheus-targets.ts';
import { readiness } from '../operations/readiness.ts';
import { clusterRoutes } from './cluster-routes.ts';
import { entryRoutes } from './entry-routes.ts';
import { otlpRoutes } from './otlp-routes.ts';
import { jsonRoute, type Route } from './route.ts';
import { streamRoutes } from './stream-routes.ts';

const CancelAnswer = z.object({
  commandId: z.string(),
  status: z.enum(['cancel_requested', 'already_cancelled', 'already_completed']),
});

/** Everything this plane serves; the table mounts it and `/openapi.json` describes it. Fixed paths come before patterns. */
export const routes: readonly Route[] = [
  jsonRoute({
    method: 'get',
    path: '/node_id',
    summary: 'The id of this node.',
    answer: z.string(),
    run(ctx, { header }) {
      header(incarnationHeader, ctx.incarnation);
      return ctx.nodeId;
    },
  }),
  jsonRoute({
    method: 'get',
    path: '/healthz',
    summary: 'The process runs.',
    answer: z.object({ ok: z.literal(true) }),
    run: () => ({ ok: true as const }),
  }),
  {
    method: 'get',
    path: '/readyz',
    summary: 'Whether this plane can do what it was started for: 200, or 503 with the reason.',
    answers: { 'application/json': z.object({ ready: z.boolean(), reason: z.string().nullable() }) },
    handle(call, ctx) {
      const answer = readiness(ctx);
      return call.json(answer, answer.ready ? 200 : 503);
    },
  },
  jsonRoute({
    method: 'get',
    path: '/v1/diagnostics/node',
    summary: 'What this machine runs, with what each rank recorded.',
    query: NodeDiagnosticsQuery,
    answer: NodeDiagnostics,
    run: (ctx, { query }) => nodeDiagnostics(ctx, query),
  }),
  ...entryRoutes,
  jsonRoute({
    method: 'get',
    path: '/v1/diagnostics/cluster',
    summary: 'Every expected node, with its own words or with why there are none.',
    query: NodeDiagnosticsQuery,
    answer: ClusterDiagnostics,
    run: (ctx, { query }) => clusterDiagnostics(ctx, query),
  }),
  jsonRoute({
    method: 'get',
    path: '/v1/diagnostics/cluster/timeline',
    summary: 'Where every rank is and what it did, over all nodes, merged and sorted by time.',
    query: TimelineQuery,
    answer: ClusterTimelineWritten,
    async run(ctx, { query, header }) {
      const { timeline, truncated, limit, history } = await clusterTimeline(ctx, query);
      if (truncated) header('x-rankscope-truncated', `newest ${limit} entries per runner`);
      if (history !== null) header('x-rankscope-history', history);
      // Other producers' phases are shown as they came, so what is sent may be wider than what we ourselves write.
      return timeline as z.output<typeof ClusterTimelineWritten>;
    },
  }),
  ...streamRoutes.filter((row) => row.method === 'get'),
  jsonRoute({
    method: 'get',
    path: '/v1/diagnostics/cluster/analysis',
    summary: 'What the timeline has no place for: clocks of progress, open collectives, exit codes, who answered.',
    query: TimelineQuery,
    answer: ClusterAnalysis,
    run: (ctx, { query }) => clusterAnalysis(ctx, query),
  }),
  jsonRoute({
    method: 'get',
    path: '/v1/diagnostics/cluster/{nodeId}',
    summary: 'One node, wherever it is.',
    query: NodeDiagnosticsQuery,
    answer: NodeDiagnostics,
    run: (ctx, { param, query }) => oneNode(ctx, param('nodeId'), query),
  }),
  jsonRoute({
    method: 'post',
    path: '/v1/diagnostics/node/inject',
    summary: 'Provokes a fault in a rank of this node.',
    body: InjectRequest,
    answer: InjectAnswer,
    run: (ctx, { body }) => injectFault(ctx, body),
  }),
  jsonRoute({
    method: 'post',
    path: '/v1/diagnostics/cluster/{nodeId}/inject',
    summary: 'Provokes a fault in a rank of any node.',
    body: InjectRequest,
    answer: InjectAnswer,
    run: (ctx, { param, body }) => injectFaultAt(ctx, param('nodeId'), body),
  }),
  ...clusterRoutes,
  jsonRoute({
    method: 'get',
    path: '/v1/models',
    summary: 'The models that answer here.',
    answer: ModelList,
    run: (ctx) => listModels(ctx),
  }),
  ...streamRoutes.filter((row) => row.method === 'post'),
  jsonRoute({
    method: 'post',
    path: '/v1/cancel/{commandId}',
    summary: 'Asks all ranks to stop working on a command.',
    answer: CancelAnswer,
    run: (ctx, { param }) => cancelTask(ctx, param('commandId')),
  }),
  jsonRoute({
    method: 'get',
    path: '/v1/sd/prometheus',
    summary: 'Every plane of the cluster, for the HTTP service discovery of Prometheus.',
    answer: PrometheusTargets,
    run: (ctx, { host }) => prometheusTargets(ctx, host),
  }),
  ...otlpRoutes,
  {
    method: 'get',
    path: '/metrics',
    summary: 'Metrics for Prometheus, read when asked; in OpenMetrics, which has exemplars, where that is accepted.',
    answers: { 'text/plain': null, 'application/openmetrics-text': null },
    async handle(call, ctx) {
      const format = acceptsOpenMetrics(call) ? 'openmetrics' : 'text';
      return call.body(await ctx.metrics.text(format), 200, { 'content-type': expositionTypes[format] });
    },
  },
];

function acceptsOpenMetrics(call: Call): boolean {
  const openmetrics = 'application/openmetrics-text';
  const supports = [openmetrics, 'text/plain'];
  return accepts(call, { header: 'Accept', supports, default: 'text/plain' }) === openmetrics;
}
