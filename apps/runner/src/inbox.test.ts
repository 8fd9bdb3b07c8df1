import { Sampling, TaskOrder } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { createInbox, inboxBound } from './inbox.ts';

const order = (n: number, deadlineMs = 1_000) =>
  TaskOrder.parse({
    taskId: `01a2040e-0000-7000-8000-${n.toString(16).padStart(12, '0')}`,
    commandId: '01a2040e-0000-7000-8000-ffffffffffff',
    messages: [{ role: 'user', content: 'x' }],
    sampling: Sampling.parse({}),
    deadlineMs,
  });

test('holds each task once, and only so many', () => {
  const inbox = createInbox(() => 0);
  for (let n = 0; n < inboxBound; n += 1) expect(inbox.offer(order(n))).toBe('taken');
  expect(inbox.offer(order(0))).toBe('known');
  expect(inbox.offer(order(inboxBound))).toBe('full');
  expect(inbox.takeArrivals()).toHaveLength(inboxBound);
  expect(inbox.takeArrivals()).toHaveLength(0);
});

test('a wish for a task that is not held is ignored; a weaker one does not replace a stronger', () => {
  const inbox = createInbox(() => 0);
  inbox.offer(order(1));
  expect(inbox.wish(order(2).taskId, 'cancel')).toBe(false);
  inbox.wish(order(1).taskId, 'cancel');
  inbox.wish(order(1).taskId, 'deadline');
  expect(inbox.holdings()).toEqual([{ taskId: order(1).taskId, wish: 'cancel' }]);
});

test('a task whose time is up while it waits wishes to end', () => {
  let now = 0;
  const inbox = createInbox(() => now);
  inbox.offer(order(1, 10));
  inbox.offer(order(2, 100));
  now = 50;
  inbox.expire();
  expect(inbox.holdings().map(({ wish }) => wish)).toEqual(['deadline', 'none']);
});

test('who waits is woken by a task, by a change and by the end', async () => {
  const inbox = createInbox(() => 0);
  const task = inbox.untilTask();
  inbox.offer(order(1));
  await task;
  const change = inbox.untilChange(60_000);
  inbox.wish(order(1).taskId, 'cancel');
  await change;
  inbox.take(order(1).taskId);
  const end = inbox.untilTask();
  inbox.close();
  await end;
  expect(inbox.closed).toBe(true);
  expect(inbox.offer(order(3))).toBe('full');
});
