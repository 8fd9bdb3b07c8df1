import { expect, test } from 'vitest';
import { z } from 'zod';
import { deriveUuid, readBootId } from './boot-id.ts';

test('a boot has one id, as a UUID, on every platform', () => {
  expect(readBootId()).toBe(readBootId());
  expect(z.uuid().safeParse(readBootId()).success).toBe(true);
  expect(z.uuid().safeParse(readBootId('freebsd')).success).toBe(true);
});

test('a derived id is the same for the same text only', () => {
  expect(deriveUuid('a')).toBe(deriveUuid('a'));
  expect(deriveUuid('a')).not.toBe(deriveUuid('b'));
});
