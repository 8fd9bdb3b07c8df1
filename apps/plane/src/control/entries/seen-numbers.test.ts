import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SeenNumbers } from './seen-numbers.ts';

test('says of every number whether it was there, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 120 }), (numbers) => {
      const seen = new SeenNumbers();
      const known = new Set<number>();
      for (const n of numbers) {
        expect(seen.add(n)).toBe(!known.has(n));
        known.add(n);
      }
    }),
  );
});
