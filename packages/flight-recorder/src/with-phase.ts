import { nowCells, phaseFacts, type RunnerPhase } from '@rankscope/schema';
import type { FlightWriter, NowState } from './flight-writer.ts';

/** The phase each writer's task loop is in, so that leaving an inner phase can put the outer one back. */
const currentPhase = new WeakMap<FlightWriter, NowState>();

/**
 * Runs `fn` inside a phase: records that it was entered, shows it in the task loop's now-cell, and records that it was
 * left, or with which message it threw. Afterwards the outer phase is shown again, entered when it was entered.
 *
 * For one task loop: phases nest, they do not run side by side.
 */
export function withPhase<T>(writer: FlightWriter, phase: RunnerPhase, fn: () => T, detail?: string): T {
  const leave = enter(writer, phase, detail);
  let result: T;
  try {
    result = fn();
  } catch (error) {
    leave(error);
    throw error;
  }
  if (!isPromise(result)) {
    leave();
    return result;
  }
  const settled = result.then(
    (value) => {
      leave();
      return value;
    },
    (error: unknown) => {
      leave(error);
      throw error;
    },
  );
  return settled as T;
}

/** Enters the phase; what it returns leaves it, with the error if there was one. */
function enter(
  writer: FlightWriter,
  phase: RunnerPhase,
  detail: string | undefined,
): (...failure: [error?: unknown]) => void {
  const outer = currentPhase.get(writer) ?? null;
  const own: NowState = {
    phase,
    enteredAtNs: process.hrtime.bigint(),
    ...(detail === undefined ? {} : { site: detail }),
  };
  const rare = phaseFacts[phase].family === 'lifecycle' || phaseFacts[phase].family === 'end';
  writer.record({ phase, kind: 'enter', event: 'enter', rare, ...(detail === undefined ? {} : { detail }) });
  show(writer, own);
  return (...failure) => {
    if (failure.length === 0) writer.record({ phase, kind: 'exit', event: 'exit', rare });
    else writer.record({ phase, kind: 'exit', event: 'exception', rare: true, detail: messageOf(failure[0]) });
    show(writer, outer);
  };
}

function show(writer: FlightWriter, state: NowState | null): void {
  if (state === null) currentPhase.delete(writer);
  else currentPhase.set(writer, state);
  writer.now(nowCells.taskLoop, state);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
