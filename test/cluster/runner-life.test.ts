import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runnerExitCodes } from '@rankscope/schema';
import { describe, expect, test } from 'vitest';
import { doneOf, isToken, makeTask, startRanks, textOf } from '../support/runner-harness.ts';
import { collectiveFaults, orderFaults, phaseSequence, unpairedPhases, untilPhase } from '../support/runner-phases.ts';
import { type RankProcess, startRunnerProcess } from '../support/runner-process.ts';
import { describeTwoRanks } from '../support/runner-subjects.ts';

describeTwoRanks('two ranks live', ({ group, submit, allDone, ask, answer }) => {
  test('answer alike, with every phase entered and left in a legal order and every collective numbered', async () => {
    const task = submit(ask);
    const [first, second] = await allDone(task.taskId);
    expect(textOf(group().rank(0), task.taskId)).toBe(answer);
    expect(group().rank(1).messages.filter(isToken)).toEqual([]);
    expect(first).toMatchObject({ finishReason: 'stop', samples: true });
    expect(second).toMatchObject({ finishReason: 'stop', samples: false, usage: first?.usage });

    group().sendAll({ type: 'shutdown', reason: null });
    for (const rank of group().ranks) {
      expect(await rank.ended).toMatchObject({ code: runnerExitCodes.clean });
      const entries = rank.entries();
      expect(unpairedPhases(entries)).toEqual([]);
      expect(collectiveFaults(entries)).toEqual([]);
      const phases = phaseSequence(entries);
      expect(orderFaults(phases)).toEqual([]);
      for (const phase of everyTaskPasses) expect(phases).toContain(phase);
      const ofTask = entries.filter(
        ({ phase }) => phase === 'decode_stream' || phase === 'prompt_build' || phase === 'completion',
      );
      expect(ofTask.every(({ taskId, commandId }) => taskId === task.taskId && commandId === task.commandId)).toBe(
        true,
      );
      expect(rank.state()).toMatchObject({ clean: true, exitCode: 0 });
    }
    expect(
      group()
        .rank(0)
        .entries()
        .some(({ phase }) => phase === 'parser'),
    ).toBe(true);
  });

  test('at rest they are in no collective and use less than a twentieth of a core', async () => {
    await allDone(submit(ask).taskId);
    await Promise.all(group().ranks.map((rank) => untilPhase(rank, 'idle')));
    const before = group().ranks.map(cpuSeconds);
    await sleep(1_000);
    for (const [index, rank] of group().ranks.entries()) {
      expect(rank.state().cells.map(({ cell, phase }) => ({ cell, phase }))).toEqual([{ cell: 0, phase: 'idle' }]);
      expect(cpuSeconds(rank) - (before[index] ?? 0)).toBeLessThan(0.05);
    }
  });
});

describe('one runner', () => {
  test('alone, it answers without a collective', async () => {
    const group = await startRanks({ worldSize: 1, modelDir: 'simulated?tokenMs=1' });
    try {
      const task = makeTask('Hello');
      group.sendAll({ type: 'task', task });
      await group.rank(0).until('done', doneOf(task.taskId));
      expect(
        group
          .rank(0)
          .entries()
          .filter(({ op }) => op !== null),
      ).toEqual([]);
    } finally {
      await group.close();
    }
  });

  test('a fault is refused where none may be injected', async () => {
    const group = await startRanks({ worldSize: 1, modelDir: 'simulated?tokenMs=1', injectAllowed: false });
    try {
      await group.untilReady();
      group.sendAll({ type: 'inject', fault: { kind: 'hang', at: null, after: 0, delayMs: 1 } });
      await expect
        .poll(() =>
          group
            .rank(0)
            .entries()
            .some(({ text }) => text?.startsWith('fault refused') === true),
        )
        .toBe(true);
    } finally {
      await group.close();
    }
  });

  test('a wrong assignment is refused by the name of its field', async () => {
    const child = startRunnerProcess();
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.send({ type: 'assign', assignment: { protocol: 1, rank: -1 } });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(runnerExitCodes.badAssignment);
    expect(stderr).toContain('assignment.rank');
    expect(stderr).toContain('assignment.modelDir');
  });
});

const everyTaskPasses = [
  'created',
  'connect_group',
  'load_model',
  'warmup',
  'idle',
  'task_submission',
  'task_agreement',
  'prompt_build',
  'kv_cache_lookup',
  'prefill_barrier',
  'prefill_stream',
  'decode_wait_first_token',
  'decode_barrier',
  'decode_stream',
  'completion',
  'shutdown_cleanup',
] as const;

/** User and system time of the process, from /proc. Ticks are hundredths on every Linux we run on. */
function cpuSeconds({ pid }: RankProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
