import { type Fault, InjectAnswer, type InjectRequest, ProblemError } from '@rankscope/schema';
import type { Runner } from '../node/supervise/runner.ts';
import type { Context } from './context.ts';
import { askNode } from './one-node.ts';

/** Provokes a fault in a rank of any node. */
export async function injectFaultAt(ctx: Context, nodeId: string, request: InjectRequest): Promise<InjectAnswer> {
  if (nodeId === ctx.nodeId) return injectFault(ctx, request);
  return askNode(ctx, nodeId, { path: '/v1/diagnostics/node/inject', schema: InjectAnswer, body: request });
}

/** Provokes a fault in a rank of this node. */
export function injectFault(ctx: Context, request: InjectRequest): InjectAnswer {
  if (!ctx.injectAllowed) {
    throw new ProblemError(
      'injection_not_allowed',
      'This plane was not started with injection allowed; start it with --inject 1.',
    );
  }
  const { rank, instanceId, ...fault } = request;
  const runner = findRunner(ctx, rank, instanceId);
  const { assignment, pid } = runner.facts;
  if (!runner.facts.alive)
    throw new ProblemError('rank_ended', `Rank ${rank} has ended (runner ${assignment.runnerId}).`);
  const reached = strike(runner, fault);
  if (!reached) throw new ProblemError('rank_ended', `Rank ${rank} (pid ${pid}) can no longer be reached.`);
  return {
    nodeId: ctx.nodeId,
    runnerId: assignment.runnerId,
    instanceId: assignment.instanceId,
    deviceRank: rank,
    fault,
    message: sentenceOf(fault, rank, pid),
  };
}

const signals = { kill: 'SIGKILL', stop: 'SIGSTOP', continue: 'SIGCONT' } as const;

function strike(runner: Runner, fault: Fault): boolean {
  switch (fault.kind) {
    case 'kill':
    case 'stop':
    case 'continue':
      return runner.signal(signals[fault.kind]);
    default:
      return runner.send({ type: 'inject', fault });
  }
}

function findRunner(ctx: Context, rank: number, instanceId: string | null): Runner {
  const instance = ctx.serving()?.instance;
  if (!instance) throw new ProblemError('rank_not_found', `No rank runs on this node: ${ctx.whyNotServing()}.`);
  if (instanceId !== null && instanceId !== instance.instanceId) {
    throw new ProblemError(
      'rank_not_found',
      `There is no instance ${instanceId} on this node; there is ${instance.instanceId}.`,
    );
  }
  const runner = instance.runners[rank];
  if (runner) return runner;
  throw new ProblemError('rank_not_found', `There is no rank ${rank}; there are 0 to ${instance.runners.length - 1}.`);
}

function sentenceOf(fault: Fault, rank: number, pid: number | null): string {
  const where = fault.at === null ? 'its next collective' : `its next collective of ${fault.at}`;
  const when = fault.after === 0 ? where : `${where}, after ${fault.after} have passed`;
  const sentences: Record<Fault['kind'], string> = {
    kill: `Rank ${rank} (pid ${pid}) was sent SIGKILL.`,
    stop: `Rank ${rank} (pid ${pid}) was sent SIGSTOP; "continue" lets it go on.`,
    continue: `Rank ${rank} (pid ${pid}) was sent SIGCONT.`,
    hang: `Rank ${rank} will hang before ${when}.`,
    delay: `Rank ${rank} will be ${fault.delayMs} ms late before ${when}, until "release".`,
    error: `Rank ${rank} will fail before ${when}.`,
    release: `Rank ${rank} was let go.`,
  };
  return sentences[fault.kind];
}
