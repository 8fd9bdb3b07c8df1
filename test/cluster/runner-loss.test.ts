import { nowCells, runnerExitCodes } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { failedOf } from '../support/runner-harness.ts';
import { collectiveFaults } from '../support/runner-phases.ts';
import type { RankProcess } from '../support/runner-process.ts';
import { describeTwoRanks } from '../support/runner-subjects.ts';

describeTwoRanks('one of two ranks fails', ({ name, group, submit, untilTokens, ask, askLong }) => {
  test('kill -9 of one: the other records the error, says so and is gone within a second', async () => {
    submit(askLong, { maxTokens: 250 });
    await untilTokens(3);
    const killedAt = performance.now();
    group().rank(1).kill('SIGKILL');
    const survivor = group().rank(0);
    const failure = await survivor.until('failed', failedOf(null));
    expect(failure.class).toBe('peer_lost');
    const end = await survivor.ended;
    expect(end.code).toBe(runnerExitCodes.peerLost);
    console.info(`${name}: exit ${Math.round(end.atMs - killedAt)} ms after the kill of the peer`);
    expect(end.atMs - killedAt).toBeLessThan(1_000);
    const last = survivor.entries().findLast(({ event }) => event === 'error');
    expect(last).toMatchObject({ phase: 'error', rare: true });
    expect(survivor.state().cells.find(({ cell }) => cell === 0)?.phase).toBe('error');
    expect(survivor.state().clean).toBe(false);
    expect(collectiveFaults(survivor.entries())).toEqual([]);
  });

  test('an idle rank that is told of a death fails with that reason: it waits for nobody and could not notice', async () => {
    const reason = 'rank 1 was killed by SIGKILL';
    group().rank(0).send({ type: 'shutdown', reason });
    const survivor = group().rank(0);
    expect(await survivor.until('failed', failedOf(null))).toMatchObject({ class: 'peer_lost', message: reason });
    expect(await survivor.ended).toMatchObject({ code: runnerExitCodes.peerLost });
    const last = survivor.entries().findLast(({ event }) => event === 'error');
    expect(last).toMatchObject({ phase: 'error', rare: true, text: expect.stringContaining('peer_lost') });
  });

  test('a shutdown in the middle of an answer is a clean end', async () => {
    submit(askLong, { maxTokens: 250 });
    await untilTokens(3);
    group().sendAll({ type: 'shutdown', reason: null });
    for (const rank of group().ranks) expect(await rank.ended).toMatchObject({ code: runnerExitCodes.clean });
  });

  test('a rank that hangs leaves its peer inside a collective; a shutdown still ends both, in seconds', async () => {
    group()
      .rank(1)
      .send({ type: 'inject', fault: { kind: 'hang', at: 'decode_barrier', after: 2, delayMs: 1 } });
    submit(askLong, { maxTokens: 250 });
    await expect
      .poll(
        () =>
          group()
            .rank(1)
            .entries()
            .some(({ event }) => event === 'fault_injected'),
        { timeout: 10_000 },
      )
      .toBe(true);
    await untilInside(group().rank(0));
    const askedAt = performance.now();
    group().sendAll({ type: 'shutdown', reason: null });
    for (const rank of group().ranks) {
      const end = await rank.ended;
      expect(end.code).toBe(runnerExitCodes.clean);
      expect(end.atMs - askedAt).toBeLessThan(4_000);
    }
  });

  test('a channel that closes ends ranks that are stuck as well', async () => {
    group()
      .rank(1)
      .send({ type: 'inject', fault: { kind: 'hang', at: null, after: 0, delayMs: 1 } });
    submit(ask);
    await untilInside(group().rank(0));
    const closedAt = performance.now();
    for (const rank of group().ranks) rank.disconnect();
    for (const rank of group().ranks) expect((await rank.ended).atMs - closedAt).toBeLessThan(1_000);
  });

  test('an injected error ends the rank as such, and its peer as one that lost it', async () => {
    group()
      .rank(1)
      .send({ type: 'inject', fault: { kind: 'error', at: 'decode_stream', after: 2, delayMs: 1 } });
    submit(askLong);
    expect((await group().rank(1).ended).code).toBe(runnerExitCodes.injected);
    expect((await group().rank(0).ended).code).toBe(runnerExitCodes.peerLost);
  });

  test('a channel that closes ends both', async () => {
    for (const rank of group().ranks) rank.disconnect();
    for (const rank of group().ranks) {
      expect(await rank.ended).toMatchObject({ code: runnerExitCodes.channelClosed });
      expect(rank.entries().at(-1)).toMatchObject({ event: 'channel_closed', rare: true });
    }
  });
});

/** Until the rank stands inside a collective, as its now-cell says. */
async function untilInside(rank: RankProcess): Promise<void> {
  const open = () => rank.state().cells.find(({ cell }) => cell === nowCells.engine)?.op ?? null;
  await expect.poll(open, { timeout: 5_000 }).not.toBeNull();
}
