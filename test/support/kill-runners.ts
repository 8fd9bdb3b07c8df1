import { runnerExitCodes } from '@rankscope/schema';
import { expect } from 'vitest';
import { readDeadRing, recordedError, whereItFell } from './kill-evidence.ts';
import { type KillOrder, untilMoment } from './kill-moments.ts';
import { bound, type KillOutcome, type KillSubject, oneThreadEach } from './kill-subjects.ts';
import { isToken, makeTask, startRanks } from './runner-harness.ts';
import type { RankProcess } from './runner-process.ts';

/** Starts the ranks without a plane, asks, kills one while it answers, and looks at what the others did and left. */
export async function killARunner(subject: KillSubject, order: KillOrder): Promise<KillOutcome> {
  const { plan, worldSize } = subject;
  Object.assign(process.env, oneThreadEach); // runners inherit it
  const group = await startRanks({ engine: 'mlx', modelDir: subject.modelDir ?? '', plan, worldSize });
  try {
    await group.untilReady();
    if (subject.straggleMs > 0) {
      const fault = { kind: 'delay', at: null, after: 0, delayMs: subject.straggleMs } as const;
      group.rank(0).send({ type: 'inject', fault });
    }
    group.sendAll({ type: 'task', task: makeTask(subject.question, { maxTokens: 1_000 }) });
    await untilMoment(order, (count) => untilTokens(group.rank(subject.samplingRank), count));

    const sentAtNs = process.hrtime.bigint();
    const sentAtMs = performance.now();
    group.rank(order.victim).kill('SIGKILL');
    const ends = await Promise.all(group.ranks.map((rank) => endOf(rank)));

    const rings = group.ranks.map(({ rank, assignment }) => readDeadRing(assignment.ringPath, rank));
    for (const { rank } of group.ranks) {
      if (rank === order.victim) expect(ends[rank]).toMatchObject({ signal: 'SIGKILL' });
      else
        expect(ends[rank], `rank ${rank} lost its peer\n${group.rank(rank).stderr()}`).toMatchObject({
          code: runnerExitCodes.peerLost,
        });
    }
    const [victim, ...others] = rings.toSorted((a) => (a.rank === order.victim ? -1 : 1));
    if (victim === undefined) throw new RangeError(`there is no rank ${order.victim}`);
    for (const other of others) expect(recordedError(other)?.text, `rank ${other.rank}'s ring`).toMatch(/^peer_lost/);
    const survivorMs = ends.flatMap(({ atMs }, rank) => (rank === order.victim ? [] : [atMs - sentAtMs]));
    return { victim: order.victim, survivorMs, ...whereItFell(victim, others, sentAtNs) };
  } finally {
    await group.close();
  }
}

function untilTokens(rank: RankProcess, count: number): Promise<unknown> {
  const enough = () => rank.messages.filter(isToken).length >= count;
  return rank.until(`${count} tokens`, (message): message is typeof message => isToken(message) && enough());
}

/** How a rank's process ended; a rank that never ends is stuck, and that is a failure. */
function endOf(rank: RankProcess): RankProcess['ended'] {
  let timer: NodeJS.Timeout | undefined;
  const stuck = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`rank ${rank.rank} is stuck\n${rank.stderr()}`)), bound.stuckMs);
  });
  return Promise.race([rank.ended, stuck]).finally(() => clearTimeout(timer));
}
