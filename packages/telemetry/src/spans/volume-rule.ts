import type { OpenPhase, PlanState } from './plan-state.ts';
import type { SpanRules } from './span-rules.ts';

export interface VolumeRule {
  judge(phase: OpenPhase, endNs: bigint): 'send' | 'sampledOut' | 'rateLimited';
}

/**
 * Which finished phases leave. By the recorder's own times and numbers and never by the clock, so that a recorder that
 * is read again, sooner or later or in other pieces, gives the same spans again.
 */
export function createVolumeRule(state: PlanState, rules: SpanRules): VolumeRule {
  const refill = (nowNs: bigint) => {
    const { allowance } = state;
    const seconds = Math.max(0, Number(nowNs - allowance.atNs) / 1e9);
    allowance.phases = Math.min(rules.phasesAtOnce, allowance.phases + seconds * rules.phasesPerSecond);
    if (nowNs > allowance.atNs) allowance.atNs = nowNs;
    return allowance;
  };
  return {
    judge(phase, endNs) {
      const isLong = Number(endNs - phase.startNs) / 1e6 >= rules.wholeFromMs;
      // What is rare by itself, the lifecycle and cancels, is never left to the sample.
      if (!isLong && !phase.rare && phase.seq % rules.sampleOneIn !== 0) return 'sampledOut';
      const allowance = refill(endNs);
      if (allowance.phases < 1) return 'rateLimited';
      allowance.phases -= 1;
      return 'send';
    },
  };
}
