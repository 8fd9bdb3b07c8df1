import { createLog } from '@rankscope/daemon';
import { metricFacts } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { factsSource } from './facts-source.ts';
import type { MetricSource } from './metric-source.ts';
import { createMetrics } from './metrics.ts';

const lines: string[] = [];
const log = createLog({ level: 'warn', wallNs: () => 0n, write: (line) => lines.push(line) });
const metricsOf = (...sources: MetricSource[]) => createMetrics({ nodeId: 'n', sources, log, deadlineMs: 30 });

const healthy: MetricSource = { name: 'healthy', collect: (sink) => sink.set('runnerUp', { rank: '0' }, 1) };

test('a source that fails or never ends is left out, counted, and told once', async () => {
  let broken = true;
  const failing: MetricSource = {
    name: 'failing',
    collect(sink) {
      sink.set('storeRows', { node: 'n' }, 7);
      if (broken) throw new Error('the disk is gone');
    },
  };
  const hanging: MetricSource = { name: 'hanging', collect: () => new Promise(() => undefined) };
  const metrics = metricsOf(failing, healthy, hanging);
  for (let again = 0; again < 2; again += 1) {
    const text = await metrics.text('text');
    expect(text).toContain('rankscope_runner_up{node="",instance_id="",model="",rank="0"} 1');
    expect(text).toContain('rankscope_scrape_late_sources{node="n"} 2');
    expect(text).not.toContain('rankscope_entry_store_rows');
  }
  expect(lines.filter((line) => line.includes('the disk is gone'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('not there in 30 ms'))).toHaveLength(1);
  broken = false;
  expect(await metrics.text('text')).toContain('rankscope_entry_store_rows{node="n"} 7');
});

test('a metric that two rooms tell of is one family', async () => {
  const roomOf = (node: string): MetricSource => ({
    name: node,
    collect: (sink) => sink.set('tailEntries', { node }, 1),
  });
  const text = await metricsOf(roomOf('a'), healthy, roomOf('b')).text('text');
  expect(text.match(/tail_entries.*/g)).toEqual([
    'tail_entries_total Entries that were fetched from the node.',
    'tail_entries_total counter',
    'tail_entries_total{node="a"} 1',
    'tail_entries_total{node="b"} 1',
  ]);
});

test('a room becomes metrics by naming its facts', async () => {
  const rooms = [
    factsSource({
      name: 'export',
      nodeId: 'n',
      facts: () => ({ sent: 1, dropped: 2, failed: 3, queued: 4 }),
      metrics: {
        sent: 'otlpExportSent',
        dropped: 'otlpExportDropped',
        failed: 'otlpExportFailed',
        queued: 'otlpExportQueued',
      },
    }),
    factsSource({
      name: 'intake',
      nodeId: 'n',
      facts: () => ({ accepted: 5, rejected: 6, ignored: 7, doubled: 8 }),
      metrics: {
        accepted: 'otlpIntakeAccepted',
        rejected: 'otlpIntakeRejected',
        ignored: 'otlpIntakeIgnored',
        doubled: 'otlpIntakeDoubled',
      },
    }),
    factsSource({
      name: 'store',
      nodeId: 'n',
      facts: () => Promise.resolve({ rows: 9, diskBytes: 10, oldestUs: null, lostRows: 11, doubleRows: 12 }),
      metrics: { rows: 'storeRows', diskBytes: 'storeBytes', lostRows: 'storeLost', doubleRows: 'storeDoubled' },
    }),
    factsSource({
      name: 'tail',
      nodeId: 'n',
      facts: () => ({ entries: 13, dropped: 14, refused: 15, lagSeconds: 0.25 }),
      metrics: { entries: 'tailEntries', dropped: 'tailDropped', refused: 'tailRefused', lagSeconds: 'tailLag' },
    }),
  ];
  const text = await metricsOf(...rooms).text('text');
  const values = (part: string) =>
    Object.values(metricFacts)
      .filter(({ name }) => name.includes(part))
      .map(({ name }) => Number(new RegExp(`^${name}{node="n"} (\\S+)$`, 'm').exec(text)?.[1]));
  expect(values('otlp')).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(values('entry_store')).toEqual([9, 10, 11, 12]);
  expect(values('tail')).toEqual([13, 14, 15, 0.25]);
});

test('buckets add up, and the exemplar is the trace of its command', async () => {
  const source: MetricSource = {
    name: 'durations',
    collect: (sink) =>
      sink.histogram(
        'barrierWait',
        { rank: '0' },
        {
          buckets: [0.1, 1],
          counts: [3, 0, 1],
          exemplars: [null, null, { commandId: '01a2040d-ee42-77d5-a1be-000000000001', seconds: 4, at: 100.5 }],
          count: 4,
          sum: 4.2,
        },
      ),
  };
  const text = await metricsOf(source).text('openmetrics');
  const barrier = text.split('\n').filter((line) => line.startsWith('rankscope_barrier'));
  expect(barrier.map((line) => line.replace(/.*rank="0",?/, '{'))).toEqual([
    '{le="0.1"} 3',
    '{le="1"} 3',
    '{le="+Inf"} 4 # {trace_id="01a2040dee4277d5a1be000000000001"} 4 100.5',
    '{} 4.2',
    '{} 4',
  ]);
});
