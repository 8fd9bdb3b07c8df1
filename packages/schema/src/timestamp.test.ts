import { expect, test } from 'vitest';
import { Timestamp } from './timestamp.ts';
import { formatTimestamp, parseTimestampUs } from './timestamp-text.ts';

test('what we write has six digits and Z, and reads back to the microsecond', () => {
  const wallNs = 1_700_000_000_123_456_789n;
  expect(formatTimestamp(wallNs)).toBe('2023-11-14T22:13:20.123456Z');
  expect(parseTimestampUs(formatTimestamp(wallNs))).toBe(Number(wallNs / 1000n));
  expect(formatTimestamp(0n)).toBe('1970-01-01T00:00:00.000000Z');
});

test.each([
  ['2026-11-22T02:41:07Z', '2026-11-22T02:41:07.000000Z'],
  ['2026-11-22T02:41:07.4+00:00', '2026-11-22T02:41:07.400000Z'],
  ['2026-11-22T03:41:07.412913+01:00', '2026-11-22T02:41:07.412913Z'],
])('%s is the instant %s', (foreign, ours) => {
  expect(Timestamp.safeParse(foreign).success).toBe(true);
  expect(parseTimestampUs(foreign)).toBe(parseTimestampUs(ours));
});

test('text that is no time is refused', () => {
  expect(() => parseTimestampUs('yesterday')).toThrow('not an RFC 3339 time: yesterday');
  expect(Timestamp.safeParse('yesterday').success).toBe(false);
});
