/** The text format that every Prometheus reads, and OpenMetrics, which alone has exemplars. */
export type ExpositionFormat = 'text' | 'openmetrics';

export const expositionTypes: Record<ExpositionFormat, string> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

export interface MetricFamily {
  readonly name: string;
  readonly kind: string;
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  /** The family's name, with `_bucket`, `_sum` or `_count` in a histogram. */
  readonly name: string;
  /** As {@link formatLabels} makes them. */
  readonly labels: string;
  readonly value: number;
  readonly exemplar?: MetricExemplar | undefined;
}

export interface MetricExemplar {
  readonly labels: string;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly at: number;
}

/**
 * Writes what Prometheus reads. Not by prom-client: it can only be given durations one by one, at a cost beyond that of
 * reading them, takes no exemplar's time, and a registry that has answered in OpenMetrics once has lost the `_total` of
 * its counters for readers of the other format.
 */
export function formatExposition(families: readonly MetricFamily[], format: ExpositionFormat): string {
  const lines: string[] = [];
  for (const { name, kind, help, samples } of families) {
    if (samples.length === 0) continue;
    const family = format === 'openmetrics' && kind === 'counter' ? name.replace(/_total$/, '') : name;
    lines.push(`# HELP ${family} ${escapeText(help)}`, `# TYPE ${family} ${kind}`);
    for (const sample of samples) lines.push(formatSample(sample, format));
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

/** `node="a",rank="0"`; what is not given is left out. */
export function formatLabels(labels: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(labels)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${escapeText(String(value)).replaceAll('"', '\\"')}"`)
    .join(',');
}

function formatSample({ name, labels, value, exemplar }: MetricSample, format: ExpositionFormat): string {
  const line = `${name}${labels === '' ? '' : `{${labels}}`} ${formatNumber(value)}`;
  if (exemplar === undefined || format === 'text') return line;
  return `${line} # {${exemplar.labels}} ${formatNumber(exemplar.value)} ${exemplar.at}`;
}

function formatNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
