export type MetricKind = 'gauge' | 'counter' | 'histogram';

/**
 * Labels of a rank's metrics. `instance` is Prometheus' own, so ours is `instance_id`. Never a task, a command or a
 * collective's number: each would be a series of its own, for ever.
 */
export const rankLabels = ['node', 'instance_id', 'model', 'rank'] as const;
const phaseLabels = [...rankLabels, 'phase'] as const;
const instanceLabels = ['node', 'instance_id', 'model'] as const;
/** The node that is spoken of. Who says it is in Prometheus' own `instance`. */
const nodeLabels = ['node'] as const;

export type MetricLabel = (typeof phaseLabels)[number];

export interface MetricFacts {
  readonly name: string;
  readonly kind: MetricKind;
  readonly labels: readonly MetricLabel[];
  readonly help: string;
  /** Upper bounds, of a histogram only. */
  readonly buckets: readonly number[];
}

const gauge = (name: string, labels: readonly MetricLabel[], help: string) =>
  ({ name, kind: 'gauge', labels, help, buckets: [] }) as const;
const counter = (name: string, labels: readonly MetricLabel[], help: string) =>
  ({ name, kind: 'counter', labels, help, buckets: [] }) as const;
const histogram = (name: string, labels: readonly MetricLabel[], buckets: readonly number[], help: string) =>
  ({ name, kind: 'histogram', labels, help, buckets }) as const;

/** A token's decoding takes milliseconds, loading takes minutes. */
const phaseBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300];
/** A collective over loopback takes some 20 µs, one whose peer is late takes as long as the peer does. */
const collectiveBuckets = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5, 30];

/**
 * Name, kind, labels and meaning of every metric, in one table for the plane, its tests, the alert rules and the
 * dashboards. A metric that nobody fills is not exposed: absence says that this plane has no such room.
 */
export const metricFacts = {
  mlxMemoryActive: gauge('rankscope_mlx_memory_active_bytes', rankLabels, 'Memory that MLX uses for arrays.'),
  mlxMemoryCache: gauge('rankscope_mlx_memory_cache_bytes', rankLabels, 'Memory that MLX keeps for reuse.'),
  mlxMemoryPeak: gauge('rankscope_mlx_memory_peak_bytes', rankLabels, 'Most memory that MLX has used.'),
  mlxMemoryWiredLimit: gauge(
    'rankscope_mlx_memory_wired_limit_bytes',
    rankLabels,
    'Limit of wired memory; absent where this MLX has none.',
  ),
  runnerPhase: gauge(
    'rankscope_runner_phase',
    phaseLabels,
    'The phase a rank is in: 1 for that one, 0 for the others.',
  ),
  phaseStart: gauge(
    'rankscope_phase_start_timestamp_seconds',
    rankLabels,
    'When the rank entered its phase, in seconds since the epoch.',
  ),
  secondsSinceProgress: gauge(
    'rankscope_seconds_since_progress',
    rankLabels,
    'Seconds since the newest entry of the recorder, on the clock of the node itself.',
  ),
  collectiveOpen: gauge(
    'rankscope_collective_open_seconds',
    rankLabels,
    'Seconds that the rank has been inside the collective it is in now; 0 outside of one.',
  ),
  runnerUp: gauge('rankscope_runner_up', rankLabels, 'The process of the rank runs.'),
  tokens: counter('rankscope_tokens_total', rankLabels, 'Tokens that the rank has sampled.'),
  recorderEntries: counter('rankscope_recorder_entries_total', rankLabels, 'Entries that the recorder has taken.'),
  recorderDropped: counter(
    'rankscope_recorder_dropped_total',
    rankLabels,
    'Entries that were overwritten before this plane read them.',
  ),
  phaseDuration: histogram(
    'rankscope_phase_duration_seconds',
    phaseLabels,
    phaseBuckets,
    'How long phases took that have ended. A phase inside another counts in both.',
  ),
  barrierWait: histogram(
    'rankscope_barrier_wait_seconds',
    rankLabels,
    collectiveBuckets,
    'Time inside collectives, sends and receives that have ended. The rank with the least is the one waited for.',
  ),
  durationsMissed: counter(
    'rankscope_durations_missed_total',
    rankLabels,
    'Entries that were overwritten before their durations were counted.',
  ),
  worldSize: gauge('rankscope_instance_world_size', instanceLabels, 'Ranks that the instance has over all nodes.'),
  endedRanks: gauge(
    'rankscope_instance_ended_ranks',
    instanceLabels,
    'Ranks of the instance on this node whose process has ended.',
  ),
  nodeMemoryTotal: gauge('rankscope_node_memory_total_bytes', nodeLabels, 'Memory of the machine.'),
  nodeMemoryAvailable: gauge(
    'rankscope_node_memory_available_bytes',
    nodeLabels,
    'Memory that the machine could still give to a process.',
  ),
  nodeReachable: gauge('rankscope_node_reachable', nodeLabels, 'The node answered this plane when it was last asked.'),
  gatherDuration: gauge(
    'rankscope_gather_duration_seconds',
    nodeLabels,
    'How long the last question of this plane to all nodes took.',
  ),
  clockOffset: gauge(
    'rankscope_clock_offset_seconds',
    nodeLabels,
    'How far the clock of the node is ahead of this plane, at the middle of what is possible.',
  ),
  clockUncertainty: gauge(
    'rankscope_clock_uncertainty_seconds',
    nodeLabels,
    'The offset lies at most so far from the true one, to either side.',
  ),
  otlpExportSent: counter(
    'rankscope_otlp_export_sent_total',
    nodeLabels,
    'Spans and log records that the OTLP endpoint has taken.',
  ),
  otlpExportDropped: counter(
    'rankscope_otlp_export_dropped_total',
    nodeLabels,
    'Spans and log records that were given up because too many waited.',
  ),
  otlpExportFailed: counter(
    'rankscope_otlp_export_failed_total',
    nodeLabels,
    'Spans and log records that the OTLP endpoint refused or never took.',
  ),
  otlpExportQueued: gauge('rankscope_otlp_export_queued', nodeLabels, 'Spans and log records that wait to be sent.'),
  otlpIntakeAccepted: counter(
    'rankscope_otlp_intake_accepted_total',
    nodeLabels,
    'Spans and log records that were taken in.',
  ),
  otlpIntakeRejected: counter(
    'rankscope_otlp_intake_rejected_total',
    nodeLabels,
    'Spans and log records that were sent back as unusable.',
  ),
  otlpIntakeIgnored: counter(
    'rankscope_otlp_intake_ignored_total',
    nodeLabels,
    'Spans and log records that speak of no rank.',
  ),
  otlpIntakeDoubled: counter(
    'rankscope_otlp_intake_doubled_total',
    nodeLabels,
    'Spans and log records that had come before.',
  ),
  storeRows: gauge('rankscope_entry_store_rows', nodeLabels, 'Entries that the store holds.'),
  storeBytes: gauge('rankscope_entry_store_disk_bytes', nodeLabels, 'Disk that the store takes.'),
  storeLost: counter(
    'rankscope_entry_store_lost_total',
    nodeLabels,
    'Entries that the store did not keep: too many waited, or the disk refused them.',
  ),
  storeDoubled: counter('rankscope_entry_store_doubled_total', nodeLabels, 'Entries that the store held already.'),
  tailEntries: counter('rankscope_tail_entries_total', nodeLabels, 'Entries that were fetched from the node.'),
  tailDropped: counter(
    'rankscope_tail_dropped_total',
    nodeLabels,
    'Entries of the node that were overwritten before they were fetched.',
  ),
  tailRefused: counter('rankscope_tail_refused_total', nodeLabels, 'Answers of the node that were not believed.'),
  tailLag: gauge(
    'rankscope_tail_lag_seconds',
    nodeLabels,
    'How old entries of the node were when they came, at the 99th percentile.',
  ),
  scrapeLate: gauge(
    'rankscope_scrape_late_sources',
    nodeLabels,
    'Parts of this plane that had not given their figures in time and are missing from this scrape.',
  ),
} as const satisfies Record<string, MetricFacts>;

export type MetricKey = keyof typeof metricFacts;
