import { z } from 'zod';
import type { PlanState } from '../spans/plan-state.ts';

/** Where the export of a recorder stands: what has been read, and what is known of it. */
export interface RecorderPosition {
  /** Which file it is of; null while the rank has none. */
  readonly ring: string | null;
  /** CLOCK_MONOTONIC. */
  readonly bornNs: bigint;
  /** Kept, so that whoever goes on gives the same times. */
  readonly wallMinusMonoNs: bigint;
  readonly state: PlanState;
}

const ns = z
  .string()
  .regex(/^-?\d{1,20}$/)
  .transform(BigInt);
const text = z.string().nullable();
const number = z.int().nullable();
const Site = z.object({ op: z.string(), group: z.int(), barrierSeq: number, layer: number, peer: number });
const OpenPhase = z.object({
  seq: z.int(),
  phase: z.string(),
  startNs: ns,
  commandId: text,
  taskId: text,
  detail: text,
  rare: z.boolean(),
  site: Site.nullable(),
  stalls: z.int(),
});

const Position = z.object({
  version: z.literal(1),
  ring: text,
  bornNs: ns,
  wallMinusMonoNs: ns,
  state: z.object({
    next: z.int().nonnegative(),
    anchored: z.boolean(),
    done: z.boolean(),
    commands: z.array(z.object({ commandId: z.string(), ended: z.boolean() })),
    open: z.record(z.string(), z.array(OpenPhase)),
    site: Site.nullable(),
    lastLeft: number,
    task: z.object({ seq: z.int(), startNs: ns, commandId: z.string(), taskId: text }).nullable(),
    lastEntryNs: ns.nullable(),
    allowance: z.object({ phases: z.number(), atNs: ns }),
  }),
});

/** As one line of JSON. */
export function encodeRecorderPosition(position: RecorderPosition): string {
  return JSON.stringify({ version: 1, ...position }, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** Throws on what is no position, or one of another version. */
export function parseRecorderPosition(json: string): RecorderPosition {
  const { ring, bornNs, wallMinusMonoNs, state } = Position.parse(JSON.parse(json));
  return { ring, bornNs, wallMinusMonoNs, state };
}
