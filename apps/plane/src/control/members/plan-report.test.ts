import { ClusterReport, maxClusterNodes } from '@rankscope/schema';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MemberState } from './member-state.ts';
import { type Met, planReport } from './plan-report.ts';

const uuid = (n: number) => `01a2040d-ee42-77d5-a1be-${String(n).padStart(12, '0')}`;
const leader = { nodeId: 'leader', incarnation: uuid(0), url: 'http://l:1' };
const empty: MemberState = { revision: 0, members: [], departed: [] };

function reportOf(nodeId: string, process: number, url: string | null, leaving = false): ClusterReport {
  const place = { url, port: 1, revision: 0, leaving };
  return ClusterReport.parse({
    nodeId,
    incarnation: uuid(process),
    bootId: 'b',
    friendlyName: null,
    version: '0',
    ...place,
  });
}

/**
 * Plays a story on a list. `a1@x`: process 1 of node a reports from address x, and lives there if nobody else does;
 * `a1@*x`: the same, bound to every address; `-x`: who lives at x is killed; `a1.`: it says goodbye; `+7s`: time passes.
 * Answers the list as it ends (`a@x`, `b@-` where the address is not known) and every refusal.
 */
function play(story: string, from: MemberState = empty) {
  let state = from;
  let nowMs = 1_000_000;
  const world = new Map<string, Met>();
  const refusals: string[] = [];
  for (const step of story.split(' ').filter(Boolean)) {
    const [, kill, seconds, node = '', process = '', goodbye, wild, place = ''] =
      /^(?:-(\w+)|\+(\d+)s|(\w)(\d)(?:(\.)|@(\*?)(\w+)))$/.exec(step) ?? [];
    if (kill !== undefined) world.delete(`http://${kill}:1`);
    else if (seconds !== undefined) nowMs += Number(seconds) * 1000;
    else {
      const url = `http://${place}:1`;
      if (!goodbye && !world.has(url)) world.set(url, { nodeId: node, incarnation: uuid(Number(process)) });
      const report = reportOf(
        node === 'l' ? 'leader' : node,
        Number(process),
        goodbye || wild ? null : url,
        goodbye === '.',
      );
      const met = new Map<string, Met | null>();
      for (let asked = 0; asked < 3; asked += 1) {
        const plan = planReport(state, { report, from: place || null, nowMs, met }, leader);
        if (plan.kind === 'ask') met.set(plan.url, world.get(plan.url) ?? null);
        else {
          if (plan.kind === 'taken') state = plan.state;
          else refusals.push(`${step}: ${plan.code}`);
          break;
        }
      }
    }
  }
  const list = state.members.map(({ nodeId, url }) => `${nodeId}@${url === null ? '-' : URL.parse(url)?.hostname}`);
  return { state, told: [list.join(' '), ...refusals].join('; ') };
}

test.each([
  ['nodes join, each once however often it reports', 'a1@x b2@y a1@x b2@y', 'a@x b@y'],
  ['a plane that starts anew at its place is the same node', 'a1@x -x a2@x', 'a@x'],
  ['a plane that starts anew under another address is the same node', 'a1@x -x a2@y', 'a@y'],
  ['a plane whose machine was given another address is the same node', 'a1@*x -x a1@*y', 'a@y'],
  ['a machine of two networks stays where it is found', 'a1@*x a1@*y', 'a@x'],
  [
    'a copied data directory is refused while the first plane answers',
    'a1@x a2@y a2@y',
    'a@x; a2@y: node_id_taken; a2@y: node_id_taken',
  ],
  ['and taken when the first has ended', 'a1@x a2@y -x a2@y', 'a@y; a2@y: node_id_taken'],
  ['a copy of the leader is refused', 'l1@x', '; l1@x: node_id_taken'],
  ['the leader itself is refused', 'l0@x', '; l0@x: not_leader'],
  ['nobody is where the leader is', 'a1@l', '; a1@l: address_taken'],
  ['nobody is where another node is', 'a1@x b2@x', 'a@x; b2@x: address_taken'],
  ['a node that takes the address of a dead one is there, and the dead one nowhere', 'a1@x -x b2@x', 'a@- b@x'],
  ['a node without an address has one again when it reports', 'a1@x -x b2@x a3@y', 'a@y b@x'],
  ['a node that says goodbye is no longer expected', 'a1@x b2@y a1.', 'b@y'],
  ['a report that a goodbye overtook brings nobody back', 'a1@x a1. a1@x', ''],
  ['a node that said goodbye may come again', 'a1@x a1. -x a2@x', 'a@x'],
  ['the goodbye of a refused copy takes nobody off the list', 'a1@x a2@y a2.', 'a@x; a2@y: node_id_taken'],
])('%s', (_, story, told) => {
  expect(play(story).told).toBe(told);
});

test('an address at which nobody answers belongs to who reported from it a moment ago, and then to who reports now', () => {
  const { state } = play('a1@x');
  const claim = (nowMs: number) =>
    planReport(
      state,
      { report: reportOf('b', 2, 'http://x:1'), from: 'y', nowMs, met: new Map([['http://x:1', null]]) },
      leader,
    );
  expect(claim(1_001_000)).toMatchObject({ kind: 'refused', code: 'address_taken' });
  expect(claim(1_010_000)).toMatchObject({ kind: 'taken', news: 'joined' });
});

test('who is refused is told both addresses and the way out', () => {
  const plan = planReport(
    play('a1@x').state,
    {
      report: reportOf('a', 2, 'http://y:1'),
      from: 'y',
      nowMs: 0,
      met: new Map([['http://x:1', { nodeId: 'a', incarnation: uuid(1) }]]),
    },
    leader,
  );
  expect(plan).toMatchObject({
    kind: 'refused',
    detail: expect.stringMatching(/alive at http:\/\/x:1, and the plane at http:\/\/y:1 .*remove the file node-id/),
  });
});

test('a report whose address nobody could use is refused with the setting that mends it', () => {
  const plan = planReport(
    empty,
    { report: reportOf('a', 1, null), from: 'fe80::1%eth0', nowMs: 0, met: new Map() },
    leader,
  );
  expect(plan).toMatchObject({
    code: 'bad_body',
    detail: expect.stringMatching(/^url: .*fe80::1%eth0.*RANKSCOPE_PUBLIC_URL/),
  });
});

test('a cluster has a bound, and those who are in it stay', () => {
  const members = Array.from({ length: maxClusterNodes - 1 }, (_, at) => ({
    ...{
      nodeId: `n${at}`,
      url: `http://n${at}:1`,
      friendlyName: null,
      version: '0',
      incarnation: uuid(at),
      bootId: 'b',
    },
    ...{ lastReportMs: 0, reportsSinceMs: null },
  }));
  const full = { ...empty, members };
  const plan = (report: ClusterReport) => planReport(full, { report, from: null, nowMs: 0, met: new Map() }, leader);
  expect(plan(reportOf('new', 1, 'http://new:1'))).toMatchObject({
    code: 'cluster_full',
    detail: expect.stringContaining('256'),
  });
  expect(plan(reportOf('n7', 7, 'http://n7:1'))).toMatchObject({ kind: 'taken', news: 'back' });
});

const step = fc.oneof(
  fc
    .tuple(fc.constantFrom('a1', 'a2', 'b3', 'b4', 'c5'), fc.constantFrom('@', '@*'), fc.constantFrom('x', 'y', 'z'))
    .map((parts) => parts.join('')),
  fc.constantFrom('-x', '-y', '-z', '+1s', '+7s', 'a1.', 'a2.', 'b3.', 'c5.'),
);

test('whatever happens, a node stands there once, an address has one node, and revisions tell lists apart', () => {
  const told = (state: MemberState) => JSON.stringify(state.members.map(({ nodeId, url }) => [nodeId, url]));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const lists = new Map([[0, told(empty)]]);
      let last = 0;
      for (let length = 1; length <= steps.length; length += 1) {
        const { state } = play(steps.slice(0, length).join(' '));
        const urls = state.members.flatMap(({ url }) => url ?? []);
        expect(new Set(state.members.map(({ nodeId }) => nodeId)).size).toBe(state.members.length);
        expect(new Set(urls).size).toBe(urls.length);
        expect(state.revision).toBeGreaterThanOrEqual(last);
        last = state.revision;
        expect(lists.get(last) ?? told(state)).toBe(told(state));
        lists.set(last, told(state));
      }
    }),
    { numRuns: 200 },
  );
});

test('a report, once taken, changes nothing when it comes again', () => {
  const report = reportOf('a', 1, 'http://x:1');
  const arrived = { report, from: null, nowMs: 5, met: new Map() };
  const first = planReport(empty, arrived, leader);
  if (first.kind !== 'taken') throw new Error('it was to be taken');
  expect(planReport(first.state, arrived, leader)).toEqual({ kind: 'taken', state: first.state, news: null });
});
