import { type FetchJsonResult, fetchJson } from '@rankscope/client';
import { NodeDiagnostics, type NodeDiagnosticsQuery, type ProblemCode, ProblemError } from '@rankscope/schema';
import type { z } from 'zod';
import { maxAnswerBytes } from '../cluster/gather/ask-peer.ts';
import type { Context } from './context.ts';

/** One node's own words, wherever it is. */
export async function oneNode(ctx: Context, nodeId: string, query: NodeDiagnosticsQuery): Promise<NodeDiagnostics> {
  if (nodeId === ctx.nodeId) return ctx.view.diagnose(query.limit);
  return askNode(ctx, nodeId, { path: `/v1/diagnostics/node?limit=${query.limit}`, schema: NodeDiagnostics });
}

export interface AskNodeOptions<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  readonly body?: unknown;
}

/** Hands a request on to a node of the cluster; a node that refused keeps its own words. */
export async function askNode<T>(ctx: Context, nodeId: string, options: AskNodeOptions<T>): Promise<T> {
  const url = addressOf(ctx, nodeId);
  const answer = await fetchJson({
    url: `${url}${options.path}`,
    schema: options.schema,
    deadlineMs: ctx.nodeDeadlineMs,
    maxBytes: maxAnswerBytes,
    ...(options.body !== undefined && { body: options.body }),
    ...(ctx.planeToken !== null && { headers: { authorization: `Bearer ${ctx.planeToken}` } }),
  });
  if (answer.kind === 'ok') return answer.value;
  throw new ProblemError(problemCodeOf(answer), answer.problem?.detail ?? `Node ${nodeId} at ${url}: ${answer.error}.`);
}

function addressOf({ nodeId: own, cluster }: Context, nodeId: string): string {
  const peers = cluster.peers();
  const peer = peers.find((one) => one.nodeId === nodeId);
  if (peer === undefined) {
    const known = [own, ...peers.map((one) => one.nodeId)];
    throw new ProblemError('node_not_found', `There is no node ${nodeId}; known are ${known.join(', ')}.`);
  }
  if (peer.url === null) throw new ProblemError('node_unreachable', `Node ${nodeId}: address not known.`);
  return peer.url;
}

/** Of a refusal only what the caller can mend is passed on; the rest is the node's trouble. */
const passedOn: readonly ProblemCode[] = [
  'injection_not_allowed',
  'rank_not_found',
  'rank_ended',
  'bad_body',
  'bad_query',
];

function problemCodeOf(answer: Extract<FetchJsonResult<unknown>, { kind: 'failed' }>): ProblemCode {
  const code = passedOn.find((known) => known === answer.problem?.error.code);
  return code ?? (answer.error.startsWith('no answer') ? 'node_late' : 'node_unreachable');
}
