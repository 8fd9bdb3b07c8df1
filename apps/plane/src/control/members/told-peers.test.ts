import { expect, test } from 'vitest';
import { createToldPeers } from './told-peers.ts';

const node = (lastReportMs: number, reportsSinceMs: number | null = 1_000) => ({
  ...{ nodeId: 'a', url: 'http://a:1', friendlyName: 'the a', version: '0', incarnation: 'i', bootId: 'b' },
  ...{ lastReportMs, reportsSinceMs },
});

test('a report that changes nothing that is told costs no new list', () => {
  const told = createToldPeers();
  const first = told([node(1)]);
  expect(first).toEqual([
    { nodeId: 'a', url: 'http://a:1', friendlyName: 'the a', reportsSince: '1970-01-01T00:00:01.000000Z' },
  ]);
  expect(told([node(2)])).toBe(first);
  expect(told([node(3, null)])).toMatchObject([{ reportsSince: null }]);
  expect(told([])).toEqual([]);
});
