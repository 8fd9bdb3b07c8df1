import { expect, test } from 'vitest';
import { createLog } from './log.ts';

const wallNs = () => 1_795_315_267_412_913_000n;

function linesOf(format: 'text' | 'json', level: 'info' | 'error' = 'info') {
  const lines: string[] = [];
  return { lines, log: createLog({ level, format, wallNs, write: (line) => lines.push(line) }) };
}

test('one line: time, level, message, fields; what has blanks is quoted', () => {
  const { lines, log } = linesOf('text');
  log.with({ rank: 1 }).warn('rank is late', { phase: 'decode_barrier', why: 'no answer', gone: undefined });
  expect(lines).toEqual([
    '2026-11-22T02:41:07.412913Z warn rank is late rank=1 phase=decode_barrier why="no answer"\n',
  ]);
});

test('a line end in a message does not make two events', () => {
  const { lines, log } = linesOf('text');
  log.info('first\nsecond', { text: 'a\nb' });
  expect(lines[0]?.trimEnd().split('\n')).toHaveLength(1);
});

test('JSON when asked, whole numbers of any size', () => {
  const { lines, log } = linesOf('json');
  log.info('beat', { at: 2n ** 60n });
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    time: '2026-11-22T02:41:07.412913Z',
    level: 'info',
    message: 'beat',
    at: '1152921504606846976',
  });
});

test('what is below the level is not written', () => {
  const { lines, log } = linesOf('text', 'error');
  log.info('no');
  log.error('yes');
  expect(lines).toHaveLength(1);
});
