import type { FlightWriter } from '@rankscope/flight-recorder';
import { type CollectiveOp, nowCells, type RunnerPhase } from '@rankscope/schema';
import { EngineError } from './engine.ts';
import type { SimulatedFaults } from './simulated-faults.ts';
import type { SimulatedGroup } from './simulated-group.ts';

export interface Collectives {
  run(
    at: { readonly phase: RunnerPhase; readonly op: CollectiveOp; readonly layer?: number },
    bytes: Uint8Array,
  ): Promise<readonly Uint8Array[]>;
}

/** What the native core's group decorator does: number, record enter and exit, show the open one, watch its deadline. */
export function createCollectives(options: {
  readonly writer: FlightWriter;
  readonly faults: SimulatedFaults;
  readonly group: SimulatedGroup;
  readonly collectiveMs: number;
}): Collectives {
  const { writer, faults, group, collectiveMs } = options;
  let next = 0;
  return {
    async run({ phase, op, layer }, bytes) {
      await faults.strike(phase);
      const barrierSeq = next;
      next += 1;
      const where = { op, group: 0, ...(layer === undefined ? {} : { layer }) };
      const entry = { phase, ...where, barrierSeq, a: bytes.length, cell: nowCells.engine };
      writer.record({ ...entry, kind: 'enter', event: 'collective_enter' });
      writer.now(nowCells.engine, { phase, site: op, ...where, ordinal: barrierSeq });
      try {
        const parts = await underDeadline(group, bytes, collectiveMs, `${op} ${barrierSeq} of ${phase}`);
        writer.now(nowCells.engine, null);
        writer.record({ ...entry, kind: 'exit', event: 'collective_exit' });
        return parts;
      } catch (error) {
        writer.now(nowCells.engine, null);
        const detail = error instanceof Error ? error.message : String(error);
        writer.record({ ...entry, kind: 'exit', event: 'collective_failed', detail, rare: true });
        throw error;
      }
    },
  };
}

async function underDeadline(
  group: SimulatedGroup,
  bytes: Uint8Array,
  ms: number,
  what: string,
): Promise<readonly Uint8Array[]> {
  const late = () => group.break(new EngineError('CollectiveDeadlineError', `${what} stayed open for ${ms} ms`));
  const timer = setTimeout(late, ms);
  try {
    return await group.exchange(bytes);
  } finally {
    clearTimeout(timer);
  }
}
