import { RankDeadlines } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { planAssignments } from './plan-assignments.ts';

const bootId = '8c6f5b7e-5c0e-4d7e-9d0e-3f4f0f5b9f10';

function assignmentsFor(ranks: number, cores: number) {
  const deadlines = RankDeadlines.parse({});
  const spec = { modelId: 'm', modelDir: 'm', engine: 'mlx', ranks, plan: 'pipeline', nLayers: 8 } as const;
  let made = 0;
  const newId = () => `id-${made++}`;
  const ports = Array.from({ length: ranks }, (_, rank) => 4000 + rank);
  return planAssignments(
    { ...spec, deadlines, injectAllowed: false },
    { nodeId: 'n', cores, bootId, attempt: 1, ports, ringPathOf: (id) => `${id}.ring`, newId },
  );
}

test.each([
  [1, 2, 2],
  [2, 2, 1],
  [3, 2, 1],
  [2, 16, 8],
])('%i ranks on %i cores compute with %i threads each', (ranks, cores, threads) => {
  expect(assignmentsFor(ranks, cores).map(({ computeThreads }) => computeThreads)).toEqual(Array(ranks).fill(threads));
});

test('every rank has a runner, a recorder and an address of its own, in one instance', () => {
  const assignments = assignmentsFor(3, 2);
  expect(assignments.map(({ rank }) => rank)).toEqual([0, 1, 2]);
  expect(new Set(assignments.map(({ runnerId }) => runnerId)).size).toBe(3);
  expect(new Set(assignments.map(({ ringPath }) => ringPath)).size).toBe(3);
  expect(new Set(assignments.map(({ instanceId }) => instanceId)).size).toBe(1);
  expect(assignments[0]?.hosts).toEqual(['127.0.0.1:4000', '127.0.0.1:4001', '127.0.0.1:4002']);
});
