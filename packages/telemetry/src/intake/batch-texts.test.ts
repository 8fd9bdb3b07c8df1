import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BatchTexts } from './batch-texts.ts';

test('the same bytes are the same text, other bytes another, however many there are', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 3_000 }), (given) => {
      const texts = new BatchTexts();
      const found = given.map((text) => texts.ofString(text));
      expect(found.map((at) => texts.at(at))).toEqual(given);
      expect(new Set(found).size).toBe(new Set(given).size);
    }),
    { numRuns: 50 },
  );
});

test('texts are found also after the table has grown, and are gone after a batch has taken them', () => {
  const texts = new BatchTexts();
  const names = Array.from({ length: 50_000 }, (_, i) => `text ${i}`);
  const first = names.map((name) => texts.ofString(name));
  expect(names.map((name) => texts.ofString(name))).toEqual(first);
  expect(texts.take().slice(1)).toEqual(names);
  expect(texts.ofString('text 49999')).toBe(1);
});
