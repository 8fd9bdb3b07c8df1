import type { Tally } from '@rankscope/telemetry/intake';
import type { StoreQueueFacts } from './store-queue.ts';

/** What has come in since the plane began, and what became of it. */
export interface IntakeFacts {
  readonly spans: Readonly<Tally>;
  readonly logs: Readonly<Tally>;
  /** Requests that were no OTLP. */
  readonly malformed: number;
  /** Requests that were told to come again. */
  readonly busy: number;
  readonly leftOutValues: number;
  readonly runners: number;
  readonly liveRows: number;
  readonly forgottenRows: number;
  readonly forgottenRunners: number;
  readonly store: StoreQueueFacts;
}
