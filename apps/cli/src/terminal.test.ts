import { expect, test } from 'vitest';
import { openTerminal } from './terminal.ts';

test('a terminal that reports no size is taken for one of 80 by 24', () => {
  const stream = { isTTY: true, columns: 0, rows: 0, on: () => undefined, write: () => true };
  const self = { stdout: stream, stderr: stream, stdin: stream } as unknown as NodeJS.Process;
  expect(openTerminal(self)).toMatchObject({ columns: 80, rows: 24 });
});
