import * as units from '@grafana/grafana-foundation-sdk/units';
import type { MetricKey } from '@rankscope/schema';
import { range } from './query.ts';
import { byRank, select } from './select.ts';
import { seriesPanel } from './series-panel.ts';

const perSecond = (metric: MetricKey) => `sum by (node) (rate(${select(metric)}[$__rate_interval]))`;

/** What the planes themselves cost, and what becomes of what they record. */
export function telemetryPanels() {
  return [
    seriesPanel({
      title: 'Entries recorded',
      description: 'What each rank’s recorder took, and what was overwritten before its plane had read or counted it.',
      unit: units.EventsPerSecond,
      targets: [
        range(`sum ${byRank} (rate(${select('recorderEntries')}[$__rate_interval]))`, '{{model}} rank {{rank}}'),
        range(`sum ${byRank} (rate(${select('recorderDropped')}[$__rate_interval]))`, '{{model}} rank {{rank}} unread'),
        range(
          `sum ${byRank} (rate(${select('durationsMissed')}[$__rate_interval]))`,
          '{{model}} rank {{rank}} uncounted',
        ),
      ],
    }),
    seriesPanel({
      title: 'Fetched from the nodes',
      description:
        'Entries that the leading plane fetched from each node, what was overwritten before it came, and answers that it ' +
        'did not believe.',
      unit: units.EventsPerSecond,
      targets: [
        range(perSecond('tailEntries'), '{{node}}'),
        range(perSecond('tailDropped'), '{{node}} lost'),
        range(perSecond('tailRefused'), '{{node}} refused'),
      ],
    }),
    seriesPanel({
      title: 'Behind the nodes',
      description: 'How old entries of each node were when they came, at the 99th percentile.',
      unit: units.Seconds,
      targets: [range(`max by (node) (${select('tailLag')})`, '{{node}}')],
    }),
    seriesPanel({
      title: 'Sent by OTLP',
      description: 'Spans and log records that were sent, and those that were lost on the way.',
      unit: units.EventsPerSecond,
      targets: [
        range(perSecond('otlpExportSent'), '{{node}} sent'),
        range(perSecond('otlpExportDropped'), '{{node}} dropped'),
        range(perSecond('otlpExportFailed'), '{{node}} failed'),
      ],
    }),
    seriesPanel({
      title: 'Waiting to be sent',
      description: 'Spans and log records in the queue of the exporter.',
      unit: units.Short,
      targets: [range(`sum by (node) (${select('otlpExportQueued')})`, '{{node}}')],
    }),
    seriesPanel({
      title: 'Taken in by OTLP',
      description: 'Spans and log records of others that came, and what became of them.',
      unit: units.EventsPerSecond,
      targets: [
        range(perSecond('otlpIntakeAccepted'), '{{node}} accepted'),
        range(perSecond('otlpIntakeIgnored'), '{{node}} not of a rank'),
        range(perSecond('otlpIntakeDoubled'), '{{node}} had come before'),
        range(perSecond('otlpIntakeRejected'), '{{node}} rejected'),
      ],
    }),
    seriesPanel({
      title: 'Entries kept',
      description: 'What the entry store holds, and what it lost or had already.',
      unit: units.Short,
      targets: [
        range(`sum by (node) (${select('storeRows')})`, '{{node}} held'),
        range(`sum by (node) (${select('storeLost')})`, '{{node}} lost'),
        range(`sum by (node) (${select('storeDoubled')})`, '{{node}} held already'),
      ],
    }),
    seriesPanel({
      title: 'Disk of the entry store',
      description: 'What the kept entries take on the disk of each plane.',
      unit: units.BytesIEC,
      targets: [range(`sum by (node) (${select('storeBytes')})`, '{{node}}')],
    }),
    seriesPanel({
      title: 'Processor time of the planes',
      description: 'Share of one core that the process of each plane takes.',
      unit: units.PercentUnit,
      targets: [
        range('sum by (instance) (rate(process_cpu_seconds_total{job="rankscope"}[$__rate_interval]))', '{{instance}}'),
      ],
    }),
    seriesPanel({
      title: 'Memory of the planes',
      description: 'Resident memory of the process of each plane.',
      unit: units.BytesIEC,
      targets: [range('max by (instance) (process_resident_memory_bytes{job="rankscope"})', '{{instance}}')],
    }),
    seriesPanel({
      title: 'Delay of the planes’ event loops',
      description: 'The 99th percentile since the last scrape. A plane that is late here is late everywhere.',
      unit: units.Seconds,
      targets: [range('max by (instance) (nodejs_eventloop_lag_p99_seconds{job="rankscope"})', '{{instance}}')],
    }),
    seriesPanel({
      title: 'How long a scrape takes',
      description: 'As Prometheus sees it, and how many parts of the plane were too late to be in it.',
      unit: units.Seconds,
      targets: [
        range('max by (instance) (scrape_duration_seconds{job="rankscope"})', '{{instance}}'),
        range(`max by (node) (${select('scrapeLate')})`, '{{node}} parts too late'),
      ],
    }),
  ];
}
