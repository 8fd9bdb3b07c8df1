import { setTimeout as sleep } from 'node:timers/promises';
import type { FlightWriter } from '@rankscope/flight-recorder';
import type { RunnerPhase } from '@rankscope/schema';
import { EngineError, type EngineFault } from './engine.ts';

export interface SimulatedFaults {
  arm(fault: EngineFault): void;
  release(): void;
  /**
   * Before a collective is entered, and before its *enter* is recorded: a hung rank shows what a rank shows that never
   * arrived, the exit of the collective before, and nothing open.
   */
  strike(phase: RunnerPhase): Promise<void>;
}

export function createSimulatedFaults(writer: FlightWriter): SimulatedFaults {
  let armed: { fault: EngineFault; left: number; announced: boolean; release: AbortController } | null = null;
  const note = (event: 'fault_injected' | 'fault_released', phase: RunnerPhase, fault: EngineFault): void =>
    writer.record({ phase, kind: 'mark', event, detail: fault.kind, rare: true, cell: 1, b: fault.delayMs });
  const release = (): void => {
    if (armed?.announced) note('fault_released', armed.fault.at ?? 'idle', armed.fault);
    armed?.release.abort();
    armed = null;
  };
  return {
    release,
    arm(fault) {
      release();
      if (fault.kind !== 'release')
        armed = { fault, left: fault.after, announced: false, release: new AbortController() };
    },
    async strike(phase) {
      const struck = armed;
      if (struck === null || (struck.fault.at !== null && struck.fault.at !== phase)) return;
      if (struck.left > 0) {
        struck.left -= 1;
        return;
      }
      if (!struck.announced) note('fault_injected', phase, struck.fault);
      struck.announced = true;
      if (struck.fault.kind === 'error') {
        armed = null;
        throw new EngineError(
          'InjectedError',
          'A fault was injected here: this rank was told to fail before its next collective.',
        );
      }
      await untilReleased(struck.release.signal, struck.fault.kind === 'delay' ? struck.fault.delayMs : null);
    },
  };
}

async function untilReleased(signal: AbortSignal, atMostMs: number | null): Promise<void> {
  if (signal.aborted) return;
  const released = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await (atMostMs === null ? released : Promise.race([released, sleep(atMostMs)]));
}
