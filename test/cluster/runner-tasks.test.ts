import { expect, test } from 'vitest';
import { failedOf, makeTask, textOf } from '../support/runner-harness.ts';
import { collectiveFaults, orderFaults, phaseSequence, untilPhase } from '../support/runner-phases.ts';
import { describeTwoRanks } from '../support/runner-subjects.ts';

describeTwoRanks('two ranks agree', ({ group, submit, allDone, untilTokens, ask, askLong, stop }) => {
  test('two tasks that reach the ranks in opposite order are done in one order', async () => {
    const tasks = [makeTask(ask), makeTask(ask)];
    for (const task of tasks) group().rank(0).send({ type: 'task', task });
    for (const task of tasks.toReversed()) group().rank(1).send({ type: 'task', task });
    await Promise.all(tasks.map((task) => allDone(task.taskId)));
    const orders = group().ranks.map((rank) =>
      rank.messages.flatMap((message) => (message.type === 'done' ? message.taskId : [])),
    );
    expect(orders[1]).toEqual(orders[0]);
    for (const rank of group().ranks) expect(collectiveFaults(rank.entries())).toEqual([]);
  });

  test('a cancel that reaches one rank alone ends the task on both', async () => {
    const task = submit(askLong, { maxTokens: 250 });
    await untilTokens(3);
    group().rank(1).send({ type: 'cancel', taskId: task.taskId });
    const [first, second] = await allDone(task.taskId);
    expect(first).toMatchObject({ finishReason: 'cancelled' });
    expect(second).toMatchObject({ finishReason: 'cancelled', usage: first?.usage });
    expect(
      group()
        .rank(1)
        .entries()
        .some(({ phase }) => phase === 'cancel_requested'),
    ).toBe(true);
    for (const rank of group().ranks) {
      await untilPhase(rank, 'idle');
      expect(phaseSequence(rank.entries())).toContain('cancel_observed');
      expect(orderFaults(phaseSequence(rank.entries()))).toEqual([]);
    }
    // Of a task that is done, and of one that never was: nothing happens, and the next one is answered.
    group().sendAll({ type: 'cancel', taskId: task.taskId });
    group().sendAll({ type: 'cancel', taskId: makeTask('never sent').taskId });
    await allDone(submit(ask).taskId);
  });

  test('a task that is cancelled while it waits never begins, on any rank', async () => {
    const running = submit(askLong, { maxTokens: 30 });
    const waiting = submit(ask);
    group().rank(1).send({ type: 'cancel', taskId: waiting.taskId });
    await allDone(running.taskId);
    for (const done of await allDone(waiting.taskId))
      expect(done).toMatchObject({ finishReason: 'cancelled', usage: { completionTokens: 0 } });
    expect(textOf(group().rank(0), waiting.taskId)).toBe('');
  });

  test('a stop sequence ends the answer before itself, and all ranks say so', async () => {
    const task = submit(ask, { stop: [stop.at] });
    for (const done of await allDone(task.taskId)) expect(done).toMatchObject({ finishReason: 'stop' });
    expect(textOf(group().rank(0), task.taskId)).toBe(stop.before);
  });

  test('a task past its deadline fails as such on both ranks, which go on', async () => {
    const task = submit(askLong, { maxTokens: 250 }, 150);
    const failures = await Promise.all(group().ranks.map((rank) => rank.until('failed', failedOf(task.taskId))));
    expect(failures.map((failure) => failure.class)).toEqual(['task_deadline', 'task_deadline']);
    await allDone(submit(ask).taskId);
  });

  test('a prompt that is too long fails on both ranks, which go on', async () => {
    const task = submit('word '.repeat(10_000));
    const failures = await Promise.all(group().ranks.map((rank) => rank.until('failed', failedOf(task.taskId))));
    expect(failures.map((failure) => failure.class)).toEqual(['prompt_too_long', 'prompt_too_long']);
    await allDone(submit(ask).taskId);
  });
});
