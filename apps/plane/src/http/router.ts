import type { Log } from '@rankscope/daemon';
import { InjectRequest, NodeDiagnosticsQuery, ProblemError, problemCodes, TimelineQuery } from '@rankscope/schema';
import { initTRPC, TRPCError, tracked } from '@trpc/server';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { z } from 'zod';
import { clusterAnalysis } from '../operations/cluster-analysis.ts';
import { clusterDiagnostics } from '../operations/cluster-diagnostics.ts';
import { clusterTimeline } from '../operations/cluster-timeline.ts';
import type { Context } from '../operations/context.ts';
import { injectFaultAt } from '../operations/inject-fault.ts';
import { watchTimeline } from '../operations/watch-timeline.ts';
import { brokenSentence, logBug } from './problem-answer.ts';
import { describeIssues } from './read-input.ts';

const t = initTRPC.context<Context>().create({
  sse: { ping: { enabled: true, intervalMs: 2_000 }, client: { reconnectAfterInactivityMs: 5_000 } },
  // Otherwise it depends on NODE_ENV, which nobody sets here, and errors carry stacks with the paths of this machine.
  isDev: false,
  errorFormatter: ({ shape, error }) => ({
    code: shape.code,
    message: sentenceOf(error),
    data: {
      code: shape.data.code,
      httpStatus: shape.data.httpStatus,
      problem: error.cause instanceof ProblemError ? error.cause.code : null,
    },
  }),
});

/** The caller's mistakes in our words; of a bug the caller is told no more than at the other door. */
function sentenceOf({ code, message, cause }: TRPCError): string {
  if (code === 'INTERNAL_SERVER_ERROR' && !(cause instanceof ProblemError)) return brokenSentence;
  return cause instanceof z.core.$ZodError ? describeIssues(cause) : message;
}

const trpcCodes = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  500: 'INTERNAL_SERVER_ERROR',
  502: 'BAD_GATEWAY',
  503: 'SERVICE_UNAVAILABLE',
  504: 'GATEWAY_TIMEOUT',
} as const;

/** The caller's mistakes keep their status and their sentence behind this door too. */
const procedure = t.procedure.use(async ({ next }) => {
  const result = await next();
  if (result.ok || !(result.error.cause instanceof ProblemError)) return result;
  const { code, message } = result.error.cause;
  throw new TRPCError({ code: trpcCodes[problemCodes[code].status], message, cause: result.error.cause });
});

/** The node's id, or null for this plane's own node. */
const InjectInput = InjectRequest.extend({ nodeId: z.string().nullable().default(null) });
const LiveInput = TimelineQuery.extend({ lastEventId: z.string().nullish() });

/** The explorer's door: the same operations as the table of routes. */
export const router = t.router({
  timeline: procedure
    .input(TimelineQuery.prefault({}))
    .query(async ({ ctx, input }) => (await clusterTimeline(ctx, input)).timeline),
  analysis: procedure.input(TimelineQuery.prefault({})).query(({ ctx, input }) => clusterAnalysis(ctx, input)),
  diagnostics: procedure
    .input(NodeDiagnosticsQuery.prefault({}))
    .query(({ ctx, input }) => clusterDiagnostics(ctx, input)),
  inject: procedure
    .input(InjectInput)
    .mutation(({ ctx, input: { nodeId, ...request } }) => injectFaultAt(ctx, nodeId ?? ctx.nodeId, request)),
  /** Whoever comes back soon with a `lastEventId` is given what it missed, anybody else a snapshot. */
  live: procedure.input(LiveInput.prefault({})).subscription(async function* ({ ctx, input, signal }) {
    const { lastEventId, ...query } = input;
    const until = signal ?? new AbortController().signal;
    for await (const { id, change } of watchTimeline(ctx, { query, lastEventId, signal: until }))
      yield tracked(id, change);
  }),
});
export type AppRouter = typeof router;

export function answerTrpc(req: Request, ctx: Context, log: Log): Promise<Response> {
  return fetchRequestHandler({
    endpoint: '/trpc',
    req,
    router,
    createContext: () => ctx,
    onError({ error, path }) {
      if (error.code === 'INTERNAL_SERVER_ERROR') logBug(log, path ?? '', error.cause ?? error);
    },
  });
}
