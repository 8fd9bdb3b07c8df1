import { type MetricKey, metricFacts } from '@rankscope/schema';
import { formatLabels, type MetricFamily, type MetricSample } from './exposition.ts';
import type { CountedDurations, MetricLabels, MetricSink } from './metric-source.ts';

/** Takes what sources tell and sorts it into families. */
export interface MetricFamilies extends MetricSink {
  families(): MetricFamily[];
}

export function createMetricFamilies(): MetricFamilies {
  const samples = new Map<MetricKey, MetricSample[]>();
  const others: MetricFamily[] = [];

  const put = (metric: MetricKey, ...made: MetricSample[]) => {
    const known = samples.get(metric);
    if (known) known.push(...made);
    else samples.set(metric, made);
  };
  return {
    set(metric, labels, value) {
      if (value === null || value === undefined) return;
      put(metric, { name: metricFacts[metric].name, labels: labelsOf(metric, labels), value });
    },
    histogram: (metric, labels, counted) =>
      put(metric, ...histogramSamples(metricFacts[metric].name, labelsOf(metric, labels), counted)),
    family: (family) => others.push(family),
    families() {
      const ours = [...samples].map(([metric, made]) => {
        const { name, kind, help } = metricFacts[metric];
        return { name, kind, help, samples: made };
      });
      return [...ours, ...others];
    },
  };
}

/** Always in the order of the table, and all of them: a series that lacks a label is another series. */
function labelsOf(metric: MetricKey, labels: MetricLabels): string {
  return formatLabels(Object.fromEntries(metricFacts[metric].labels.map((name) => [name, labels[name] ?? ''])));
}

function histogramSamples(name: string, labels: string, { buckets, counts, exemplars, ...all }: CountedDurations) {
  let below = 0;
  const bucketSamples = counts.map((count, at): MetricSample => {
    below += count;
    const found = exemplars[at];
    return {
      name: `${name}_bucket`,
      labels: `${labels},le="${buckets[at] ?? '+Inf'}"`,
      value: below,
      exemplar: found ? { labels: traceLabel(found.commandId), value: found.seconds, at: found.at } : undefined,
    };
  });
  return [
    ...bucketSamples,
    { name: `${name}_sum`, labels, value: all.sum },
    { name: `${name}_count`, labels, value: all.count },
  ];
}

/** A command's id is the id of its trace, in the 32 digits by which back ends know it. */
function traceLabel(commandId: string): string {
  return formatLabels({ trace_id: commandId.replaceAll('-', '') });
}
