/** Names, kinds and meanings of the Prometheus metrics, in one place for the plane, its tests and the dashboards. */
export const metricNames = {
  mlxMemoryActive: 'rankscope_mlx_memory_active_bytes',
  mlxMemoryCache: 'rankscope_mlx_memory_cache_bytes',
  mlxMemoryPeak: 'rankscope_mlx_memory_peak_bytes',
  mlxMemoryWiredLimit: 'rankscope_mlx_memory_wired_limit_bytes',
  runnerPhase: 'rankscope_runner_phase',
  phaseStart: 'rankscope_phase_start_timestamp_seconds',
  secondsSinceProgress: 'rankscope_seconds_since_progress',
  runnerUp: 'rankscope_runner_up',
  recorderEntries: 'rankscope_recorder_entries_total',
  recorderDropped: 'rankscope_recorder_dropped_total',
  nodeReachable: 'rankscope_node_reachable',
  gatherDuration: 'rankscope_gather_duration_seconds',
  tokens: 'rankscope_tokens_total',
  /** Spans or log records that a receiver took; labels {@link exportLabels}. */
  exportExported: 'rankscope_export_exported_total',
  /** … given up unsent because too many waited. */
  exportDropped: 'rankscope_export_dropped_total',
  /** … refused by the receiver. */
  exportFailed: 'rankscope_export_failed_total',
  exportQueued: 'rankscope_export_queued',
  /** Finished phases that were too many a second to be sent; label node only. */
  exportRateLimited: 'rankscope_export_rate_limited_total',
} as const;

/** Labels of what is said of the export; the signal is `traces` or `logs`. */
export const exportLabels = ['node', 'signal'] as const;

/** Labels of a rank's metrics. `instance` is Prometheus' own, so ours is `instance_id`; never a task or barrier number. */
export const rankLabels = ['node', 'instance_id', 'model', 'rank'] as const;
