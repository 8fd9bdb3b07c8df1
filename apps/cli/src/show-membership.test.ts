import type { ClusterNodes } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { reportAges, showLeader } from './show-membership.ts';

const at = (clock: string) => `2026-11-22T${clock}.000000Z`;
const now = at('12:00:00');
const row = (nodeId: string, reportsSince: string | null) => ({
  nodeId,
  url: `http://${nodeId}:1`,
  friendlyName: `the ${nodeId}`,
  reportsSince,
});
const led: ClusterNodes = {
  ...{ localNodeId: 'l', masterNodeId: 'l', role: 'leader', leader: null },
  nodes: [
    row('l', null),
    row('new', at('11:59:20')),
    row('older', at('11:15:00')),
    row('old', '2026-11-19T12:00:00.000000Z'),
    row('dead', null),
  ],
};
const standing = { url: 'http://l:1', answers: true, since: at('11:59:48'), error: null };
const joined: ClusterNodes = { ...led, localNodeId: 'new', role: 'joined', leader: standing };

test('since when each node reports; the leader reports to nobody', () => {
  expect([...reportAges(led, now)]).toEqual([
    ['new', '40 s'],
    ['older', '45 min'],
    ['old', '3 d'],
    ['dead', 'silent'],
  ]);
  expect([...reportAges({ ...led, role: 'peers', masterNodeId: null }, now)]).toEqual([]);
  const silent = { ...standing, answers: false };
  expect([...reportAges({ ...joined, leader: silent }, now)], 'only the leader could say').toEqual([]);
});

test('who leads, and how the plane that was asked stands to it', () => {
  expect(showLeader(led, now)).toBe('led by the l, the plane that was asked');
  expect(showLeader(joined, now)).toBe('led by the l at http://l:1, which the plane that was asked has joined');
  const silent = { ...standing, answers: false, error: 'the leader does not answer: refused' };
  expect(showLeader({ ...joined, leader: silent }, now)).toBe(
    'led by the l at http://l:1; for 12 s the leader does not answer: refused',
  );
  expect(showLeader({ ...joined, masterNodeId: null, nodes: [], leader: silent }, now)).toBe(
    'led by the plane at http://l:1; for 12 s the leader does not answer: refused',
  );
  expect(showLeader({ ...led, role: 'peers', masterNodeId: null }, now)).toMatch(/^no leader/);
});
