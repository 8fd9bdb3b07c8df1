import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatEntriesCursor, parseEntriesCursor, shortRingName } from './entries-cursor.ts';

test('a cursor is the same after it was text, and the text may stand in a URL', () => {
  const place = fc.tuple(
    fc.string().map((ring) => shortRingName(ring, '')),
    fc.maxSafeNat(),
  );
  fc.assert(
    fc.property(fc.array(place), (places) => {
      const cursor = new Map(places);
      const text = formatEntriesCursor(cursor);
      expect(encodeURIComponent(text)).toBe(text);
      expect(parseEntriesCursor(text)).toEqual(cursor);
    }),
  );
});

test('the beginning is the empty text, and what no node gave out is not read', () => {
  expect(parseEntriesCursor('')).toEqual(new Map());
  for (const text of ['0', 'e2', 'e1.short', 'e1.abcdefgh', 'e1.abcdefgh1.', 'e1.abcdefgh-1', '{"a":1}'])
    expect([text, parseEntriesCursor(text)]).toEqual([text, null]);
});

test('the two recorders of a runner have names of their own', () => {
  expect(shortRingName('r#1@5', '')).not.toBe(shortRingName('r#1@5', 'supervisor'));
});

test('eight runs of sixteen ranks fit into a request that any server takes', () => {
  const places = Array.from({ length: 8 * 16 * 2 }, (_, n) => [shortRingName(String(n), ''), 10_000_000 + n] as const);
  expect(formatEntriesCursor(new Map(places)).length).toBeLessThan(8_192);
});
