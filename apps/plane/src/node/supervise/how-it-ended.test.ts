import { expect, test } from 'vitest';
import { type Ending, findCause, howItEnded } from './how-it-ended.ts';

function rank(number: number, how: Partial<Ending> | null, atMs = 0): Ending {
  const endedAtNs = how === null ? null : BigInt(atMs) * 1_000_000n;
  const living = { alive: true, exitCode: null, exitSignal: null, errorMessage: null, pid: 100 + number };
  const assignment = { rank: number } as Ending['assignment'];
  return { ...living, assignment, askedToEnd: null, endedAtNs, ...(how !== null && { alive: false, ...how }) };
}

const causeOf = (...ranks: readonly Ending[]) => findCause(ranks)?.assignment.rank ?? null;

test('the rank that ended first is the cause, whatever its number', () => {
  expect(causeOf(rank(0, null), rank(1, null))).toBeNull();
  expect(causeOf(rank(0, { exitCode: 11 }, 5_000), rank(1, { exitCode: 12 }, 0))).toBe(1);
  expect(causeOf(rank(0, { exitSignal: 'SIGSEGV' }, 5_000), rank(1, { exitCode: 1 }, 0))).toBe(1);
});

test('of those that ended at one moment, the one that was killed', () => {
  expect(causeOf(rank(0, { exitCode: 1 }, 0), rank(1, { exitSignal: 'SIGKILL' }, 300))).toBe(1);
  expect(causeOf(rank(0, { exitCode: 1 }, 0), rank(1, { exitSignal: 'SIGKILL' }, 1_300))).toBe(0);
});

test('whoever lost its peer, was asked to end or ended in peace is the cause only where nobody else can be', () => {
  const asked = { askedToEnd: 'rank 1 SIGKILL' };
  const killed = rank(1, { exitSignal: 'SIGKILL' }, 5_000);
  expect(causeOf(rank(0, { exitCode: 13 }, 0), killed)).toBe(1);
  expect(causeOf(rank(0, { exitCode: 0 }, 0), killed)).toBe(1);
  expect(causeOf(rank(0, { exitSignal: 'SIGTERM', ...asked }, 0), killed)).toBe(1);
  expect(causeOf(rank(0, { exitCode: 0 }, 0), rank(1, { exitCode: 13 }, 5_000))).toBe(1);
  expect(causeOf(rank(0, { exitCode: 0 }, 0), rank(1, null))).toBe(0);
});

test('how a rank ended is one sentence', () => {
  const sentence = (how: Partial<Ending>) => howItEnded(rank(0, how));
  expect(sentence({ exitSignal: 'SIGKILL', errorMessage: 'killed by SIGKILL' })).toBe(
    'rank 0 (pid 100) was killed by SIGKILL',
  );
  expect(sentence({ exitCode: 11, errorMessage: 'no config.json' })).toBe(
    'rank 0 (pid 100) exited with code 11: no config.json',
  );
  expect(sentence({ pid: null, errorMessage: 'no such file' })).toBe('rank 0 could not be started: no such file');
});
