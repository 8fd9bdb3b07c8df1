import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { fuzzOtlp } from '../../../../test/support/otlp/otlp-fuzz.ts';

/** As many as a minute of a busy machine allows; `npm run test:soak` does a million. */
const messages = 20_000;

test('twenty thousand mutated messages are read as another decoder reads them, or refused by both', () => {
  const seed = randomInt(2 ** 31);
  console.log(`otlp-fuzz from seed ${seed}`);
  const { malformed, records, rows } = fuzzOtlp({ seed, messages });
  // Messages that are all malformed, or have nothing in them, would prove little.
  expect(malformed).toBeLessThan(messages * 0.9);
  expect(records).toBeGreaterThan(messages / 4);
  expect(rows).toBeGreaterThan(messages / 100);
}, 240_000);
