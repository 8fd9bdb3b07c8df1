import { expect, test } from 'vitest';
import { formatExposition, formatLabels, type MetricFamily } from './exposition.ts';

const counter: MetricFamily = {
  name: 'a_total',
  kind: 'counter',
  help: 'How\nmany\\.',
  samples: [{ name: 'a_total', labels: formatLabels({ node: 'a "b"\\\n' }), value: 2 }],
};
const bucket: MetricFamily = {
  name: 'd_seconds',
  kind: 'histogram',
  help: 'Long.',
  samples: [
    {
      name: 'd_seconds_bucket',
      labels: 'le="+Inf"',
      value: 1,
      exemplar: { labels: 'trace_id="0f"', value: 0.25, at: 1795559966.078351 },
    },
  ],
};

test('the plain format has no exemplars, and counters keep their whole name', () => {
  expect(formatExposition([counter, bucket], 'text')).toBe(
    `# HELP a_total How\\nmany\\\\.
# TYPE a_total counter
a_total{node="a \\"b\\"\\\\\\n"} 2
# HELP d_seconds Long.
# TYPE d_seconds histogram
d_seconds_bucket{le="+Inf"} 1
`,
  );
});

test('OpenMetrics has exemplars, names counters without their ending, and has an end', () => {
  const text = formatExposition([counter, bucket], 'openmetrics');
  expect(text).toContain('# TYPE a counter\na_total{');
  expect(text).toContain('d_seconds_bucket{le="+Inf"} 1 # {trace_id="0f"} 0.25 1795559966.078351\n');
  expect(text.endsWith('\n# EOF\n')).toBe(true);
});

test('numbers that are none are written as Prometheus reads them, and what has no sample is not named', () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-7];
  const samples = values.map((value) => ({ name: 'g', labels: '', value }));
  const families = [
    { name: 'g', kind: 'gauge', help: 'G.', samples },
    { name: 'none', kind: 'gauge', help: 'N.', samples: [] },
  ];
  expect(formatExposition(families, 'text')).toBe('# HELP g G.\n# TYPE g gauge\ng NaN\ng +Inf\ng -Inf\ng 1e-7\n');
});
