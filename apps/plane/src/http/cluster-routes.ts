import type { HttpBindings } from '@hono/node-server';
import { ClusterNodes, ClusterReport, ClusterReportAnswer } from '@rankscope/schema';
import type { Context as Call } from 'hono';
import { listNodes } from '../operations/list-nodes.ts';
import { reportToLeader } from '../operations/report-to-leader.ts';
import { parseBody } from './read-input.ts';
import { jsonRoute, type Route } from './route.ts';

/** Who belongs to the cluster, for people and for the planes themselves. */
export const clusterRoutes: readonly Route[] = [
  jsonRoute({
    method: 'get',
    path: '/v1/nodes',
    summary: 'The nodes of the cluster as this plane knows them: who leads, since when each reports. Asks nobody.',
    answer: ClusterNodes,
    run: (ctx) => listNodes(ctx),
  }),
  {
    method: 'post',
    path: '/v1/cluster/report',
    summary:
      'A plane tells its leader that it is there. Answered at once when the list of nodes is another one, else after 3 s.',
    body: ClusterReport,
    answers: { 'application/json': ClusterReportAnswer },
    async handle(call, ctx) {
      const report = parseBody(ClusterReport, await call.req.text());
      const answer = await reportToLeader(ctx, report, addressOf(call), call.req.raw.signal);
      return call.json(answer, 200, { 'cache-control': 'no-store' });
    },
  },
];

/** Whose socket the request came by; null where there is none, as in tests without a port. */
function addressOf(call: Call): string | null {
  const { incoming } = (call.env ?? {}) as Partial<HttpBindings>;
  return incoming?.socket.remoteAddress ?? null;
}
