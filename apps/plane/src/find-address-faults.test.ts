import { expect, test } from 'vitest';
import { findAddressFaults } from './find-address-faults.ts';

const token = 'a-token-of-some-length';
const far = { HOST: '10.0.0.2', TOKEN: token, JOIN_TOKEN: token };

/** The settings without their prefix, for the sake of the eye. */
function faultsOf(settings: Record<string, string>): string[] {
  return findAddressFaults(
    Object.fromEntries(Object.entries(settings).map(([key, text]) => [`RANKSCOPE_${key}`, text])),
  );
}

test.each<[string, Record<string, string>]>([
  ['a plane alone', {}],
  ['a leader on the network that takes no nodes', { HOST: '0.0.0.0', TOKEN: token }],
  ['a node on the leader’s machine', { PORT: '52501', JOIN: 'http://127.0.0.1:52500' }],
  ['a node on the network', { ...far, JOIN: 'http://10.0.0.1:52500' }],
  [
    'a node behind an address of its own',
    { ...far, HOST: '127.0.0.1', PUBLIC_URL: 'https://b.example', JOIN: 'https://a.example' },
  ],
  ['the same port of another machine', { ...far, HOST: '0.0.0.0', JOIN: 'http://10.0.0.1:52500' }],
])('nothing is wrong with %s', (_, settings) => {
  expect(faultsOf(settings)).toEqual([]);
});

test.each<[string, Record<string, string>, RegExp]>([
  [
    'a door without a lock',
    { HOST: '10.0.0.2' },
    /^RANKSCOPE_HOST = "10.0.0.2".*RANKSCOPE_TOKEN is not set: set it, or bind 127.0.0.1$/,
  ],
  [
    'a door behind another, without a lock',
    { PUBLIC_URL: 'http://a.example' },
    /^RANKSCOPE_PUBLIC_URL = "http:\/\/a.example".*RANKSCOPE_TOKEN is not set: set it$/,
  ],
  [
    'a reader’s key where all is open',
    { READ_TOKEN: token },
    /^RANKSCOPE_READ_TOKEN closes no door while RANKSCOPE_TOKEN/,
  ],
  ['a leader and peers', { JOIN: 'http://127.0.0.1:1', PEERS: 'http://127.0.0.1:2' }, /Leave one out$/],
  [
    'a node of a network without its word',
    { HOST: '10.0.0.2', TOKEN: token, JOIN: 'http://10.0.0.1:1' },
    /RANKSCOPE_JOIN_TOKEN is not set: set it, as the leader has it$/,
  ],
  [
    'a node that its leader cannot reach',
    { JOIN_TOKEN: token, JOIN: 'http://10.0.0.1:1' },
    /cannot reach this plane at RANKSCOPE_HOST = "127.0.0.1": .*--host.*RANKSCOPE_PUBLIC_URL/,
  ],
  [
    'itself, by default',
    { JOIN: 'http://localhost:52500' },
    /this plane's own address: name the leader's, or give this plane another --port$/,
  ],
  ['itself, by name', { ...far, PORT: '7', JOIN: 'http://10.0.0.2:7' }, /own address/],
  ['itself, bound to all', { ...far, HOST: '0.0.0.0', JOIN: 'http://127.0.0.1:52500' }, /own address/],
])('refused with the way out: %s', (_, settings, sentence) => {
  expect(faultsOf(settings)).toEqual([expect.stringMatching(sentence)]);
});
