import { RunnerPhase } from './phase.ts';
import { z } from './zod.ts';

export const faultKinds = ['hang', 'delay', 'error', 'kill', 'stop', 'continue', 'release'] as const;

/**
 * A fault to provoke in a rank. `hang`, `delay` and `error` act inside the rank, before it enters its next collective
 * of the phase `at` (any phase when null); `kill`, `stop` and `continue` are signals that the plane sends to the
 * process; `release` ends a hang that was injected.
 */
export const Fault = z
  .strictObject({
    kind: z.enum(faultKinds),
    at: RunnerPhase.nullable().default(null),
    /** How many matching collectives pass before the fault strikes. */
    after: z.int().min(0).max(1_000_000).default(0),
    /** Length of a delay; a delay holds for every matching collective until it is released. */
    delayMs: z.int().min(1).max(600_000).default(300),
  })
  .meta({ id: 'Fault' });
export type Fault = z.infer<typeof Fault>;

export const InjectRequest = Fault.extend({
  rank: z.int().min(0),
  /** Needed only where the node runs ranks of several instances with this number. */
  instanceId: z.string().nullable().default(null),
}).meta({ id: 'InjectRequest' });
export type InjectRequest = z.infer<typeof InjectRequest>;

export const InjectAnswer = z
  .object({
    nodeId: z.string(),
    runnerId: z.string(),
    instanceId: z.string(),
    deviceRank: z.int(),
    fault: Fault,
    message: z.string(),
  })
  .meta({ id: 'InjectAnswer' });
export type InjectAnswer = z.infer<typeof InjectAnswer>;
