import type { ClusterAnalysis, ClusterTimeline } from '@rankscope/schema';
import { drawnLanes } from '@rankscope/timeline';
import { expect, test } from 'vitest';
import { nameRanks } from './show-positions.ts';
import { showTimeline } from './show-timeline.ts';
import type { Terminal } from './terminal.ts';

/** Styles are written out, so that a test sees what a terminal would show. */
function terminalOf(columns: number, styled = false): Terminal {
  const nothing = () => undefined;
  const style: Terminal['style'] = (name, text) => (styled ? `<${String(name)}>${text}</>` : text);
  return {
    isTty: false,
    canAsk: false,
    columns,
    rows: Infinity,
    print: nothing,
    write: nothing,
    tell: nothing,
    status: nothing,
    style,
  };
}

function show(timeline: ClusterTimeline, { columns = 100, styled = false, seconds = 30 } = {}): string {
  return showTimeline({ timeline, analysis: null, seconds, terminal: terminalOf(columns, styled) });
}

const frozen = drawnLanes(`
  rank 0  llGGww..sAbkPPffDdDdDDDDDD  decode_barrier  6.0 s  in all_sum 413
  rank 1  llGGww..sAbkPPffDdDddddddd  decode_stream   7.0 s  left 412`);

const killed = drawnLanes(`
  rank 0  llGGww..sAbkPPffDdDdDDDDDD  decode_barrier  6.0 s  in all_sum 413
  rank 1  llGGww..sAbkPPffDdDdXXXXXX  ended           6.0 s  left 412
  rank 2  llGGww..sAbkPPffDdDdDDDDDD  decode_barrier  6.0 s  in all_sum 413`);

const later = (timeline: ClusterTimeline, seconds: number): ClusterTimeline => ({
  ...timeline,
  generatedAt: timeline.generatedAt.replace(/:(\d\d)\./, (_, s) => `:${String(Number(s) + seconds).padStart(2, '0')}.`),
});

test('the rank that is not there is the last thing read', () => {
  const lines = show(later(frozen, 4)).split('\n');
  expect(lines.slice(-2)).toEqual([
    '  rank 0  inside all_sum 413 for 4.0 s',
    '◆ rank 1  left 412, has not entered 413; no new entry for 11 s · on node-1',
  ]);
});

test('a rank that died says so, and those who wait for it stand in one line', () => {
  const text = show(later(killed, 4));
  expect(text).toContain(
    '  ranks 0, 2  inside all_sum 413 for 4.0 s\n◆ rank 1      ended: left 412, never entered 413',
  );
  expect(text).toMatch(/rank 1 {2}.*DdDdXXXXXXXXXX {2}ended/);
});

test('nobody is pointed at for the length of an ordinary step', () => {
  expect(show(frozen)).not.toContain('◆');
  expect(show(later(frozen, 1))).toContain('◆');
});

test('alarm is inversion, and only there', () => {
  const styled = show(later(frozen, 4), { styled: true });
  expect(styled.match(/<inverse>/g)).toHaveLength(2);
  expect(styled).toContain('\n<inverse>◆ rank 1</>  ');
  expect(styled).toMatch(/<inverse>◆ rank 1 .*<\/>$/);
});

test('a rank frozen in the gate of its peers is not drawn like those who wait there', () => {
  const gate = drawnLanes(`
      rank 0  ..sAbkPPffDdDdDDDDDD  decode_barrier  6.0 s  in all_sum 413
    ◆ rank 1  ..sAbkPPffDdDd◆◆◆◆◆◆  decode_barrier  6.0 s  left 412`);
  const text = show(gate);
  expect(text).toMatch(/\n {2}rank 0 {2}_+\.\.s[^ ]*dD+ {2}decode_barrier {2}6\.0 s {2}in all_sum 413\n/);
  expect(text).toMatch(/\n◆ rank 1 {2}_+\.\.s[^ ]*d◆+ {2}decode_barrier {2}6\.0 s {2}left 412, not in 413\n/);
  expect(text).toContain('capitals wait for peers · ◆ peers wait for it');
  expect(show(gate, { styled: true })).toMatch(/<inverse>◆{6,}<\/>/);
});

test('it fits the terminal, and fills it', () => {
  for (const columns of [80, 100, 160]) {
    const widths = show(killed, { columns })
      .split('\n')
      .map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(Math.max(columns, 100));
  }
  expect(show(frozen, { seconds: 3 })).toContain('one mark = 100 ms');
  expect(show(frozen, { seconds: 3600 })).toContain('one mark = 300 s');
});

test('a silent node is named with its address and its error', () => {
  const unreachableNodes = [
    { nodeId: 'node-7', url: 'http://10.0.0.7:52500', error: 'no answer in 2000 ms' },
    { nodeId: 'http://10.0.0.8:1', url: 'http://10.0.0.8:1', error: 'refused (nothing listens at 10.0.0.8:1)' },
  ];
  const text = show({ ...frozen, unreachableNodes });
  expect(text).toContain('2 nodes are unreachable; their ranks are not in this picture');
  expect(text).toContain('  node-7  http://10.0.0.7:52500  no answer in 2000 ms\n  http://10.0.0.8:1  refused');
});

test('a rank whose recorder cannot be read is named with the reason', () => {
  const [runner] = frozen.runners;
  if (!runner) throw new Error('two ranks were drawn');
  const { runnerId, nodeId, instanceId, deviceRank, statusKind } = runner;
  const analysis: ClusterAnalysis = {
    ...{ generatedAt: frozen.generatedAt, localNodeId: nodeId, masterNodeId: null },
    ...{ instances: [], clocks: [], nodes: [], history: null, verdicts: [], attribution: [] },
    runners: [
      {
        ...{
          runnerId,
          nodeId,
          instanceId,
          deviceRank,
          statusKind,
          attempt: 1,
          snapshotAt: frozen.generatedAt,
          stale: false,
        },
        stale: false,
        ...{ secondsSinceProgress: null, openSite: null, lastLeft: null, ringFirstSeq: null, ringLastSeq: null },
        ...{ dropped: 0, torn: 0, secondsSinceHeartbeat: null, secondsSinceLoop: null, exitCode: null },
        ...{ exitSignal: null, errorMessage: 'recorder cannot be read: it is shorter than its head' },
      },
    ],
  };
  const text = showTimeline({ timeline: frozen, analysis, seconds: 30, terminal: terminalOf(100) });
  expect(text.split('\n').at(-1)).toBe('  rank 0  recorder cannot be read: it is shorter than its head');
});

test('a cluster without ranks says so', () => {
  expect(show({ ...frozen, runners: [], timeline: [] })).toBe('No rank runs on any node that answered.');
});

test('two instances are two drawings', () => {
  const runners = frozen.runners.map((runner, at) => ({ ...runner, instanceId: `i${at}`, modelId: `model-${at}` }));
  expect(show({ ...frozen, runners }).match(/model-\d {2}2 ranks · instance i\d/g)).toHaveLength(2);
});

test('ranks are counted like pages', () => {
  expect(nameRanks([3])).toBe('rank 3');
  expect(nameRanks([0, 1, 2, 4, 5, 9])).toBe('ranks 0–2, 4, 5, 9');
});
