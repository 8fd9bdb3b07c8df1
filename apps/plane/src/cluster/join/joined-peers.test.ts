import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openKeptFile } from '../kept-file.ts';
import { KeptCluster, openJoinedPeers } from './joined-peers.ts';

const dir = mkdtempSync(join(tmpdir(), 'rankscope-joined-'));
afterAll(() => rmSync(dir, { recursive: true }));

const joinUrl = 'http://leader:1';
const trouble: string[] = [];
const open = (name: string, url = joinUrl) =>
  openJoinedPeers({
    localNodeId: 'me',
    joinUrl: url,
    file: openKeptFile({ path: join(dir, name), schema: KeptCluster, onTrouble: (sentence) => trouble.push(sentence) }),
  });
const row = (nodeId: string, url: string | null) => ({
  nodeId,
  url,
  friendlyName: `the ${nodeId}`,
  reportsSince: null,
});
const answer = {
  masterNodeId: 'l',
  revision: 7,
  peers: [row('l', null), row('me', 'http://me:1'), row('b', 'http://b:1')],
};

test('before its leader has answered a plane knows an address and no name', () => {
  const { peers, masterNodeId, revision } = open('none.json');
  expect([masterNodeId, revision, peers()]).toEqual([
    null,
    0,
    [expect.objectContaining({ nodeId: 'leader:1', url: joinUrl, listed: false })],
  ]);
});

test('everybody but itself, the leader where it was told to join; and all that again after a new start', () => {
  const first = open('kept.json');
  let changes = 0;
  first.subscribe(() => (changes += 1));
  first.take(answer);
  first.take({
    ...answer,
    peers: answer.peers.map((peer) => ({ ...peer, reportsSince: '2026-11-22T00:00:00.000000Z' })),
  });
  expect(changes, 'since when somebody reports is no change of the list').toBe(1);
  for (const peers of [first, open('kept.json')]) {
    expect(peers.masterNodeId).toBe('l');
    expect(peers.revision).toBe(7);
    expect(peers.peers().map(({ nodeId, url, friendlyName }) => [nodeId, url, friendlyName])).toEqual([
      ['l', joinUrl, 'the l'],
      ['b', 'http://b:1', 'the b'],
    ]);
  }
  expect(readdirSync(dir)).toContain('kept.json');
});

test('the list of another leader is not taken for this one’s, nor half a file for a list', () => {
  open('other.json').take(answer);
  expect(open('other.json', 'http://elsewhere:1').masterNodeId).toBeNull();
  writeFileSync(join(dir, 'cut.json'), '{"joinUrl":"http://lea');
  trouble.length = 0;
  expect(open('cut.json').masterNodeId).toBeNull();
  expect(trouble).toEqual([expect.stringMatching(/cut\.json is not what was written there/)]);
});

test('a disk that refuses is told of once, and the list in memory goes on being right', () => {
  trouble.length = 0;
  const peers = open('no-such-directory/kept.json');
  peers.take(answer);
  peers.take({ ...answer, revision: 8 });
  expect(peers.revision).toBe(8);
  expect(trouble).toEqual([expect.stringMatching(/could not be written: ENOENT/)]);
});
