import { formatTimestamp, maxClusterNodes, NodeDiagnostics } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { createClockBook } from './clock-book.ts';

/** Our clock stands where the test puts it; a node answers with its own. */
function twoClocks() {
  let nowMs = 1_000;
  const book = createClockBook(() => BigInt(Math.round(nowMs * 1e6)));
  const answerOf = (nodeId: string, wallMs: number, rankscopeVersion: string | null = '1') =>
    NodeDiagnostics.parse({
      generatedAt: formatTimestamp(BigInt(Math.round(wallMs * 1e6))),
      runtime: { nodeId, hostname: nodeId, isMaster: false, cwd: '/', rankscopeVersion },
      resources: {},
    });
  /** The answer is on its way for `trip` ms altogether, and reading it takes another 50. */
  const exchange = (nodeId: string, offsetMs: number, trip = 4, version: string | null = '1') => {
    const question = book.ask();
    question.sent();
    const said = answerOf(nodeId, nowMs + trip / 2 + offsetMs, version);
    nowMs += trip + 50;
    return question.answered(said, trip);
  };
  return { book, exchange };
}

test('what counts is when the answer began, not when it had been read', () => {
  const { exchange } = twoClocks();
  const { offsetSeconds, uncertaintySeconds } = exchange('b', 250) ?? {};
  expect(offsetSeconds).toBeCloseTo(0.25, 5);
  expect(uncertaintySeconds).toBeCloseTo(0.002, 3);
});

test('a node that is not ours is not judged: it may answer from something older', () => {
  const { book, exchange } = twoClocks();
  expect(exchange('skulk', 0, 4, null)).toBeUndefined();
  expect(book.all().size).toBe(0);
});

test('of more nodes than a cluster has, those silent for longest are forgotten', () => {
  const { book, exchange } = twoClocks();
  for (let node = 0; node < maxClusterNodes; node += 1) exchange(`n${node}`, 0);
  exchange('n0', 0);
  exchange('late', 0);
  const known = book.all();
  expect(known.size).toBe(maxClusterNodes);
  expect([known.has('n0'), known.has('n1'), known.has('late')]).toEqual([true, false, true]);
});
