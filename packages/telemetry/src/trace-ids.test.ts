import { expect, test } from 'vitest';
import { traceIdOfCommand } from './trace-ids.ts';

test('the trace of a command is found by its id without dashes', () => {
  expect(traceIdOfCommand('0193A5C4-aaaa-7000-8000-000000000001')).toBe('0193a5c4aaaa70008000000000000001');
});
