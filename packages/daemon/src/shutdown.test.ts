import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import { createLog } from './log.ts';
import { createShutdown } from './shutdown.ts';

function setUp(closeDeadlineMs = 1_000) {
  const exits: number[] = [];
  const lines: string[] = [];
  const log = createLog({ level: 'debug', wallNs: () => 0n, write: (line) => lines.push(line) });
  const shutdown = createShutdown({ log, exit: (code) => exits.push(code), closeDeadlineMs });
  return { shutdown, exits, lines };
}

test('closes in reverse, then exits with the code', async () => {
  const { shutdown, exits } = setUp();
  const order: string[] = [];
  shutdown.add('first', () => void order.push('first'));
  shutdown.add('second', async () => void order.push('second'));
  const forget = shutdown.add('forgotten', () => void order.push('forgotten'));
  forget();
  await shutdown.run(3, 'done');
  expect(order).toEqual(['second', 'first']);
  expect(exits).toEqual([3]);
  expect(shutdown.signal.aborted).toBe(true);
});

test('what does not close, and what throws, does not keep the others open', async () => {
  const { shutdown, exits, lines } = setUp(20);
  const close = vi.fn();
  shutdown.add('good', close);
  shutdown.add('stuck', () => new Promise(() => {}));
  shutdown.add('broken', () => {
    throw new Error('no');
  });
  await shutdown.run(0, 'test');
  expect(close).toHaveBeenCalledOnce();
  expect(exits).toEqual([0]);
  expect(lines.join('')).toMatch(/step=broken error=no/);
  expect(lines.join('')).toMatch(/step=stuck error="not closed in 20 ms"/);
});

test('a signal closes; a second one ends at once', async () => {
  const { shutdown, exits } = setUp();
  const signals = new EventEmitter();
  const stop = shutdown.listen(signals);
  shutdown.add('stuck', () => new Promise(() => {}));
  signals.emit('SIGTERM');
  expect(exits).toEqual([]);
  signals.emit('SIGINT');
  expect(exits).toEqual([130]);
  stop();
  expect(signals.listenerCount('SIGINT')).toBe(0);
});
