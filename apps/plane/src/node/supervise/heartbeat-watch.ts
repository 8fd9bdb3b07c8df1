import { peekRing } from './peek-ring.ts';
import { processStateName, readProcessFacts } from './process-facts.ts';
import type { RunnerFacts } from './runner.ts';
import type { SupervisorRing } from './supervisor-ring.ts';

/** A runner's watchdog thread beats several times a second; only a process that gets no turn is silent for so long. */
const stalledAfterNs = 2_000_000_000n;

export interface HeartbeatWatch {
  check(nowNs: bigint): void;
}

/** Notes when a living process stops giving signs of life (SIGSTOP, a debugger, a machine that swaps), and when it is back. */
export function watchHeartbeat(facts: Readonly<RunnerFacts>, ring: SupervisorRing): HeartbeatWatch {
  let stalledSinceNs: bigint | null = null;
  return {
    check(nowNs) {
      if (!facts.alive || facts.pid === null) return;
      const state = readProcessFacts(facts.pid)?.state ?? '?';
      const ringState = peekRing(facts.assignment.ringPath);
      // Where there is no watchdog thread (simulated engine), the task loop's beat.
      const beatNs = ringState?.heartbeatNs ?? ringState?.loopNs ?? nowNs;
      const silentNs = nowNs - beatNs;
      const stalled = silentNs > stalledAfterNs || state === 'T';
      if (stalled && stalledSinceNs === null) {
        stalledSinceNs = beatNs;
        ring.record('process_stalled', `silent ${seconds(silentNs)} s, ${processStateName(state)}`);
      } else if (!stalled && stalledSinceNs !== null) {
        ring.record('process_resumed', `after ${seconds(nowNs - stalledSinceNs)} s`);
        stalledSinceNs = null;
      }
    },
  };
}

function seconds(ns: bigint): string {
  return (Number(ns) / 1e9).toFixed(1);
}
