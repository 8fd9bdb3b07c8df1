import type { DurationHistogram } from '../../node/expose/duration-histogram.ts';
import type { Durations } from '../../node/expose/durations.ts';
import type { RunnerFacts } from '../../node/supervise/runner.ts';
import type { CountedDurations, MetricSource } from './metric-source.ts';
import { labelsOfRank } from './rank-metrics.ts';

export interface DurationMetricsOptions {
  readonly durations: Durations;
  readonly runners: () => readonly { readonly facts: Readonly<RunnerFacts> }[];
  readonly wallAtNs: (monoNs: bigint) => bigint;
}

/** How long phases and collectives took, of the ranks that live. */
export function durationMetrics({ durations, runners, wallAtNs }: DurationMetricsOptions): MetricSource {
  const timed = (histogram: DurationHistogram): CountedDurations => ({
    ...histogram,
    count: histogram.count,
    sum: histogram.sum,
    exemplars: histogram.exemplars.map(
      (found) => found && { ...found, at: Number(wallAtNs(found.endedAtNs) / 1_000n) / 1e6 },
    ),
  });
  return {
    name: 'durations',
    async collect(sink) {
      await durations.catchUp();
      for (const { facts } of runners()) {
        const counted = facts.alive ? durations.of(facts.assignment.runnerId) : null;
        if (counted === null) continue;
        const { rank, ...assignment } = facts.assignment;
        const labels = labelsOfRank({ ...assignment, deviceRank: rank });
        for (const [phase, histogram] of counted.phases)
          sink.histogram('phaseDuration', { ...labels, phase }, timed(histogram));
        sink.histogram('barrierWait', labels, timed(counted.collectives));
        sink.set('durationsMissed', labels, counted.missed);
      }
    },
  };
}
