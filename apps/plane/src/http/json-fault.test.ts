import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findJsonFault } from './json-fault.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('finds a fault exactly where JSON.parse refuses', () => {
  fc.assert(fc.property(fc.json(), (text) => findJsonFault(text) === null));
  const shards = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '1',
    '-',
    'true',
    'nul',
    ' ',
    '\n',
    '"\\u12"',
    '"',
    '1.5e3',
    '01',
  );
  fc.assert(
    fc.property(
      fc.array(shards, { maxLength: 12 }),
      (parts) => (findJsonFault(parts.join('')) === null) === isJson(parts.join('')),
    ),
    { numRuns: 2_000 },
  );
});

test('what stands before the fault could still become JSON', () => {
  expect(findJsonFault('{"kind":hang}')).toEqual({ position: 8, line: 1, column: 9 });
  expect(findJsonFault('{\n  "a": 1,\n}')).toEqual({ position: 12, line: 3, column: 1 });
  expect(findJsonFault('[1, 2')).toEqual({ position: 5, line: 1, column: 6 });
  expect(findJsonFault('')).toEqual({ position: 0, line: 1, column: 1 });
});

test('a string of megabytes without an end is no trouble', () => {
  expect(findJsonFault(`["${'a'.repeat(16_000_000)}`)?.position).toBe(1);
});

test('a million brackets are no trouble', () => {
  expect(findJsonFault('['.repeat(1_000_000))?.position).toBe(1_000_000);
});
