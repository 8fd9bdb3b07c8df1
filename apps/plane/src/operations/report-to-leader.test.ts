import { ClusterReport, ProblemError } from '@rankscope/schema';
import { expect, test } from 'vitest';
import type { Context } from './context.ts';
import { reportToLeader } from './report-to-leader.ts';

const own = '01a2040d-ee42-77d5-a1be-00000000000a';
const report = ClusterReport.parse({
  ...{ nodeId: 'b', incarnation: '01a2040d-ee42-77d5-a1be-00000000000b', bootId: 'b', url: 'http://b:1', port: 1 },
  ...{ friendlyName: null, version: '0', revision: 0 },
});

async function refusalOf(membership: object, sent: ClusterReport = report) {
  const ctx = { membership: membership as Context['membership'], takesJoins: false };
  try {
    await reportToLeader(ctx, sent, null, new AbortController().signal);
  } catch (error) {
    if (error instanceof ProblemError) return [error.code, error.message];
    throw error;
  }
  return [];
}

test('a plane that does not lead says where its leader is, and hands nothing on', async () => {
  const joined = { role: 'joined', joined: { joinUrl: 'http://leader:1', own: { incarnation: own } } };
  expect(await refusalOf(joined)).toEqual(['not_leader', expect.stringContaining('http://leader:1')]);
  expect(await refusalOf(joined, { ...report, incarnation: own })).toEqual([
    'not_leader',
    expect.stringMatching(/^This plane joins itself/),
  ]);
  expect(await refusalOf({ role: 'peers' })).toEqual(['not_leader', expect.stringContaining('RANKSCOPE_PEERS')]);
});

test('a leader on the network without a join token says what to set', async () => {
  expect(await refusalOf({ role: 'leader' })).toEqual([
    'joining_not_allowed',
    expect.stringContaining('RANKSCOPE_JOIN_TOKEN'),
  ]);
});
