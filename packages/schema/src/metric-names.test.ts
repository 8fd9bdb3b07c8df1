import { expect, test } from 'vitest';
import { metricFacts, rankLabels } from './metric-names.ts';

const all = Object.values(metricFacts);

test('names are ours, in base units, and only counters end like one', () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  for (const { name, kind } of all) {
    expect(name).toMatch(/^rankscope_[a-z_]+$/);
    expect(name).not.toMatch(/_(ms|us|ns|milliseconds|kb|mb|percent|bucket|count|sum)$/);
    expect(name.endsWith('_total'), name).toBe(kind === 'counter');
  }
});

test('labels are few: node, instance, model, rank, and the phase where it is the point', () => {
  for (const { name, labels } of all) {
    const allowed = [...rankLabels, ...(/_phase(_duration_seconds)?$/.test(name) ? ['phase'] : [])];
    expect(
      labels.filter((label) => !allowed.includes(label)),
      name,
    ).toEqual([]);
  }
});

test('only histograms have buckets, and theirs rise', () => {
  for (const { name, kind, buckets } of all) {
    expect(buckets.length > 0, name).toBe(kind === 'histogram');
    expect(
      [...buckets].sort((a, b) => a - b),
      name,
    ).toEqual([...buckets]);
  }
});
