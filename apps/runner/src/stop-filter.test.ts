import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStopFilter } from './stop-filter.ts';

/** By definition, a character at a time: it ends with the first sequence that is whole, of two the longer. */
function endBefore(text: string, stops: readonly string[]): { shown: string; stopped: boolean } {
  for (let end = 1; end <= text.length; end += 1) {
    const whole = stops.filter((stop) => text.slice(0, end).endsWith(stop)).sort((a, b) => b.length - a.length)[0];
    if (whole !== undefined) return { shown: text.slice(0, end - whole.length), stopped: true };
  }
  return { shown: text, stopped: false };
}

test('however a text is cut into pieces, what is shown is what stands before the first stop', () => {
  const letters = (options: { minLength?: number; maxLength: number }) =>
    fc.string({ unit: fc.constantFrom('a', 'b', 'c'), ...options });
  fc.assert(
    fc.property(
      fc.array(letters({ maxLength: 4 }), { maxLength: 12 }),
      fc.array(letters({ minLength: 1, maxLength: 4 }), { maxLength: 3 }),
      (pieces, stops) => {
        const filter = createStopFilter(stops);
        const shown = pieces.map((piece) => filter.push(piece)).join('') + filter.flush();
        expect({ shown, stopped: filter.stopped }).toEqual(endBefore(pieces.join(''), stops));
      },
    ),
    { numRuns: 2_000 },
  );
});

test('what may become a stop is held back, and shown when it did not', () => {
  const filter = createStopFilter(['\nUser:']);
  expect(filter.push('Hello\nUs')).toBe('Hello');
  expect(filter.push('ually')).toBe('\nUsually');
  expect(filter.push('\nUser: x')).toBe('');
  expect(filter.stopped).toBe(true);
});

test('without stop sequences nothing is held back', () => {
  expect(createStopFilter([]).push('abc')).toBe('abc');
});
