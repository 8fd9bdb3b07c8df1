import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDetokeniser } from './detokeniser.ts';
import { openPrompter } from './prompt.ts';

const tiny = fileURLToPath(new URL('../../../native/models/tiny', import.meta.url));

function piecesOf(decode: (tokens: readonly number[]) => string, tokens: readonly number[]): string[] {
  const detokeniser = createDetokeniser(decode);
  return [...tokens.map((token) => detokeniser.push(token)), detokeniser.flush()];
}

/** One token a byte, as the worst tokenizer has it. */
const decodeBytes = (tokens: readonly number[]) => Buffer.from(tokens).toString('utf8');

test('all pieces together are the whole text, also where a character is cut over tokens', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 4 }), fc.constant('\ufffd'))), (parts) => {
      const text = parts.join('');
      const pieces = piecesOf(decodeBytes, [...Buffer.from(text)]);
      expect(pieces.join('')).toBe(text);
      // Half a character is never shown.
      expect(pieces.some((piece) => piece.includes('\ufffd'))).toBe(text.includes('\ufffd'));
    }),
    { numRuns: 500 },
  );
});

test('a character cut over tokens behind a real U+FFFD is whole when it is shown', () => {
  const text = '\ufffd\u0800\ufffd\ufffd\u{1f600}x';
  const pieces = piecesOf(decodeBytes, [...Buffer.from(text)]);
  expect(pieces.join('')).toBe(text);
});

test('all pieces together are the whole text of any tokens of a real tokenizer, sense or nonsense', () => {
  const prompter = openPrompter(tiny);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 5, max: 511 }), { maxLength: 40 }), (tokens) => {
      expect(piecesOf(prompter.decode, tokens).join('')).toBe(tokens.length === 0 ? '' : prompter.decode(tokens));
    }),
    { numRuns: 500 },
  );
});

test('a blank that a tokenizer drops from the first token of a text is kept between tokens', () => {
  const words = ['▁Hello', '▁world', '!'];
  const decode = (tokens: readonly number[]) =>
    tokens
      .map((token) => words[token] ?? '')
      .join('')
      .replaceAll('▁', ' ')
      .trimStart();
  expect(piecesOf(decode, [0, 1, 2])).toEqual(['Hello', ' world', '!', '']);
});
