import type { MetricKey, MetricLabel } from '@rankscope/schema';
import type { MetricFamily } from './exposition.ts';

/**
 * A part of the plane that has figures. Each room has one file that makes one, and `plane-metrics.ts` lists them; a
 * room that this plane does not have is not listed, and its metrics are then not there.
 */
export interface MetricSource {
  readonly name: string;
  /** Tells what holds now. Asked with every scrape, so it must be cheap; what is slow is left out of that scrape. */
  collect(sink: MetricSink): void | Promise<void>;
}

export type MetricLabels = Readonly<Partial<Record<MetricLabel, string>>>;

export interface MetricSink {
  /** A gauge's value, or all that a counter has counted. Null: there is no such thing here, and nothing is exposed. */
  set(metric: MetricKey, labels: MetricLabels, value: number | null | undefined): void;
  histogram(metric: MetricKey, labels: MetricLabels, counted: CountedDurations): void;
  /** Of a library that makes its own. */
  family(family: MetricFamily): void;
}

export interface CountedDurations {
  readonly buckets: readonly number[];
  /** One more than there are buckets: what lies above the last. */
  readonly counts: readonly number[];
  readonly exemplars: readonly ({ readonly commandId: string; readonly seconds: number; readonly at: number } | null)[];
  readonly count: number;
  readonly sum: number;
}
