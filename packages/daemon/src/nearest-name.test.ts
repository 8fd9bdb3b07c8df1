import fc from 'fast-check';
import { expect, test } from 'vitest';
import { editDistance, nearestName } from './nearest-name.ts';

test.each([
  ['PORT', 'PROT', 2],
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
])('from %s to %s it is %i edits', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
});

test('a distance is symmetric, zero only for equals, and never longer than by way of a third word', () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
    }),
  );
});

test('a word unlike all others has no nearest', () => {
  expect(nearestName('xyz', ['RANKSCOPE_PORT'])).toBeNull();
});

test.each([
  ['RANKSCOPE_PROT', 'RANKSCOPE_PORT'],
  ['rankscope_port', 'RANKSCOPE_PORT'],
  ['RANKSCOPE_PO', 'RANKSCOPE_PORT'],
])('%s probably means %s', (meant, name) => {
  expect(nearestName(meant, ['RANKSCOPE_HOST', 'RANKSCOPE_PORT'])).toBe(name);
});
