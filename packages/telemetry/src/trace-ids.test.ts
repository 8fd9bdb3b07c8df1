import { expect, test } from 'vitest';
import { spanIdOf } from './spans/span-id.ts';
import { traceIdOfAttempt, traceIdOfCommand } from './trace-ids.ts';

test('the trace of a command is found by its id without dashes', () => {
  expect(traceIdOfCommand('0193A5C4-aaaa-7000-8000-000000000001')).toBe('0193a5c4aaaa70008000000000000001');
});

test('all ranks of an attempt share a trace, and the next attempt has another', () => {
  expect(traceIdOfAttempt('i', 1)).toMatch(/^[0-9a-f]{32}$/);
  expect(traceIdOfAttempt('i', 1)).not.toBe(traceIdOfAttempt('i', 2));
});

// By `printf '…' | sha256sum | cut -c1-16`, as the convention page tells others to make them.
test('span ids are those that anybody can compute from the convention page', () => {
  const traceId = '0193a5c4aaaa70008000000000000001';
  expect(spanIdOf({ traceId, rank: 1, attempt: 2, seq: 413, kind: 'phase' })).toBe('bf5f99793e8cd7c2');
  expect(spanIdOf({ traceId, rank: 1, attempt: 2, kind: 'rank' })).toBe('32c97eac64907784');
  expect(spanIdOf({ traceId, kind: 'command' })).toBe('2674ee454d6d2b0f');
});
