import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { runnerExitCodes } from '@rankscope/schema';
import { expect } from 'vitest';
import { readDeadRing, recordedError, whereItFell } from './kill-evidence.ts';
import { type KillOrder, untilMoment } from './kill-moments.ts';
import { bound, type KillOutcome, type KillSubject, oneThreadEach } from './kill-subjects.ts';
import { startPlane } from './plane-harness.ts';
import { analysisOf, chatBody, eventually, isAlive, post, timelineOf } from './plane-requests.ts';

/** Starts a plane with its ranks, reads a streamed answer, kills a rank from outside, and asks everyone what they say. */
export async function killARankOfAPlane(subject: KillSubject, order: KillOrder): Promise<KillOutcome> {
  const { model, plan, worldSize } = subject;
  const args = ['--model', model, '--ranks', String(worldSize), '--plan', plan];
  const plane = await startPlane({ args, env: oneThreadEach });
  try {
    const { runners } = await timelineOf(plane.url, '?limit=1');
    const ranks = runners.toSorted((a, b) => a.deviceRank - b.deviceRank);
    expect(ranks.map(({ deviceRank }) => deviceRank)).toEqual(Array.from({ length: worldSize }, (_, rank) => rank));
    const pids = ranks.map(({ pid }) => pid ?? 0);
    const answer = await startAnswer(plane.url, subject);
    await untilMoment(order, answer.untilTokens);

    const sentAtNs = process.hrtime.bigint();
    const sentAtMs = performance.now();
    process.kill(pids[order.victim] ?? 0, 'SIGKILL');
    const said = answer.rest();
    const gone = pids.map((pid, rank) => goneAfter(pid, rank, sentAtMs));
    const reported = eventually(() => isReported(plane.url, order.victim, worldSize), Boolean, bound.reportMs);
    expect(await said, 'what the client is told').toMatch(
      new RegExp(`rank ${order.victim} \\(pid ${pids[order.victim]}\\) was killed by SIGKILL`),
    );
    const goneMs = await Promise.all(gone);
    await reported;
    expect(performance.now() - sentAtMs, 'timeline and analysis say how every rank ended').toBeLessThan(bound.reportMs);

    const rings = ranks.map(({ runnerId, deviceRank }) =>
      readDeadRing(join(plane.dataDir, 'runners', `${runnerId}.ring`), deviceRank),
    );
    const [victim, ...others] = rings.toSorted((a) => (a.rank === order.victim ? -1 : 1));
    if (victim === undefined) throw new RangeError(`there is no rank ${order.victim}`);
    for (const other of others) expect(recordedError(other)?.text, `rank ${other.rank}'s ring`).toMatch(/^peer_lost/);
    const survivorMs = goneMs.filter((_, rank) => rank !== order.victim);
    return { victim: order.victim, survivorMs, ...whereItFell(victim, others, sentAtNs) };
  } finally {
    await plane.stop();
  }
}

/** Whether timeline and analysis both say how each rank ended: the victim by a signal, the others by their exit code. */
async function isReported(url: string, victim: number, worldSize: number): Promise<boolean> {
  const [{ runners, timeline }, analysis] = await Promise.all([timelineOf(url), analysisOf(url)]);
  const code = runnerExitCodes.peerLost;
  return Array.from({ length: worldSize }, (_, rank) => {
    const ended = runners.some((runner) => runner.deviceRank === rank && !runner.processAlive);
    const how = rank === victim ? 'was killed by SIGKILL' : `exited with code ${code}`;
    const entered = timeline.some(
      (entry) => entry.deviceRank === rank && entry.attrs.source === 'supervisor' && entry.detail?.includes(how),
    );
    const analysed = analysis.runners.some(
      ({ deviceRank, exitCode, exitSignal }) =>
        deviceRank === rank && (rank === victim ? exitSignal === 'SIGKILL' : exitCode === code),
    );
    return ended && entered && analysed;
  }).every(Boolean);
}

/** A long answer that somebody is reading: how far it is, and what it still says. */
async function startAnswer(url: string, { model, question }: KillSubject) {
  const content = { model, messages: [{ role: 'user', content: question }], max_tokens: 1_000, stream: true };
  const response = await post(`${url}/v1/chat/completions`, chatBody(content), AbortSignal.timeout(60_000));
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error(`no stream: HTTP ${response.status}`);
  let text = '';
  const readMore = async () => {
    const { done, value } = await reader.read();
    text += value ?? '';
    return !done;
  };
  return {
    untilTokens: async (count: number) => {
      while (text.split('"content":').length - 1 < count) {
        if (!(await readMore())) throw new Error(`the answer ended before ${count} tokens: ${text.slice(-500)}`);
      }
    },
    rest: async () => {
      while (await readMore());
      return text;
    },
  };
}

/** How long after the signal a process was gone and reaped by the plane; looks every few milliseconds. */
async function goneAfter(pid: number, rank: number, sentAtMs: number): Promise<number> {
  while (isAlive(pid)) {
    if (performance.now() - sentAtMs > bound.stuckMs) throw new Error(`rank ${rank} (pid ${pid}) is stuck`);
    await after(4);
  }
  return performance.now() - sentAtMs;
}
