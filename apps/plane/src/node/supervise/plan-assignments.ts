import { Assignment, type RankDeadlines, runnerProtocolVersion, type ShardPlan } from '@rankscope/schema';

/** One model over so many ranks of this machine, as the flags ask for it. */
export interface InstanceSpec {
  readonly modelId: string;
  readonly modelDir: string;
  readonly engine: 'mlx' | 'simulated';
  readonly ranks: number;
  readonly plan: ShardPlan;
  readonly nLayers: number;
  readonly deadlines: RankDeadlines;
  readonly injectAllowed: boolean;
}

export interface AssignmentSurroundings {
  readonly nodeId: string;
  /** Cores that the ranks of this machine share. */
  readonly cores: number;
  readonly bootId: string;
  readonly attempt: number;
  /** One free port per rank. */
  readonly ports: readonly number[];
  readonly ringPathOf: (runnerId: string) => string;
  readonly newId: () => string;
}

/**
 * Turns what the flags ask for into one assignment per rank, in rank order.
 *
 * Ranks of one machine divide its cores: with a BLAS that takes all of them for each, and a waiting rank that spins,
 * a token over three ranks on two cores takes four times as long.
 */
export function planAssignments(spec: InstanceSpec, around: AssignmentSurroundings): Assignment[] {
  const instanceId = around.newId();
  const hosts = around.ports.map((port) => `127.0.0.1:${port}`);
  return hosts.map((_, rank) => {
    const runnerId = around.newId();
    return Assignment.parse({
      protocol: runnerProtocolVersion,
      runnerId,
      nodeId: around.nodeId,
      instanceId,
      modelId: spec.modelId,
      modelDir: spec.modelDir,
      engine: spec.engine,
      rank,
      worldSize: spec.ranks,
      attempt: around.attempt,
      plan: spec.plan,
      hosts,
      ringPath: around.ringPathOf(runnerId),
      bootId: around.bootId,
      deadlines: spec.deadlines,
      computeThreads: Math.max(1, Math.floor(around.cores / spec.ranks)),
      injectAllowed: spec.injectAllowed,
    });
  });
}
