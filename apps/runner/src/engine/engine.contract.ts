import { setTimeout as sleep } from 'node:timers/promises';
import type { RingEntry } from '@rankscope/flight-recorder';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type EngineRanks, startEngines } from './engine-ranks.contract.ts';

export interface EngineUnderTest {
  readonly engine: 'mlx' | 'simulated';
  readonly modelDir: string;
  /** A prompt with a long answer. */
  readonly prompt: readonly number[];
}

const Generated = z.object({
  finishReason: z.string(),
  tokens: z.array(z.int()),
  promptTokens: z.int(),
  cachedTokens: z.int(),
});
/** A peer's death must be an error so soon. */
const peerLossMs = 1_000;

/** What a rank may rely on, whichever engine it has. Two processes, real sockets, real rings. */
export function describeEngine(name: string, { engine, modelDir, prompt }: EngineUnderTest): void {
  describe(name, () => {
    let group: EngineRanks;
    beforeEach(async () => {
      group = await startEngines({ engine, modelDir });
      await group.both({ call: 'joinGroup' });
      await group.both({ call: 'load' });
    });
    afterEach(() => group.close());

    const generate = (rank: 0 | 1, maxTokens: number, onToken?: (token: number) => void) =>
      group.ranks[rank]
        .do({ call: 'generate', tokens: [...prompt], maxTokens }, onToken)
        .then((value) => Generated.parse(value));

    test('a gather brings the bytes of all, in rank order, to all', async () => {
      const both = await Promise.all(
        group.ranks.map((rank, index) => rank.do({ call: 'gather', phase: 'task_agreement', text: `rank ${index}` })),
      );
      expect(both).toEqual([
        ['rank 0', 'rank 1'],
        ['rank 0', 'rank 1'],
      ]);
    });

    test('all ranks generate the same tokens, say each once, and know a prompt again', async () => {
      await group.both({ call: 'warmup' });
      const heard: number[] = [];
      const [first, second] = await Promise.all([generate(0, 8, (token) => heard.push(token)), generate(1, 8)]);
      expect(first).toEqual(second);
      expect(first).toMatchObject({ finishReason: 'length', promptTokens: prompt.length, cachedTokens: 0 });
      expect(heard).toEqual(first.tokens);
      const [again] = await Promise.all([generate(0, 8), generate(1, 8)]);
      expect(again.tokens).toEqual(first.tokens);
      expect(again.cachedTokens).toBeGreaterThan(0);
    });

    test('a cancel on one rank ends all in the same step', async () => {
      const [first, second] = await Promise.all([
        generate(0, 200),
        generate(1, 200, () => void group.ranks[1].do({ call: 'cancel' })),
      ]);
      expect(first).toEqual(second);
      expect(first.finishReason).toBe('cancelled');
      expect(first.tokens.length).toBeLessThan(200);
      for (const rank of group.ranks)
        expect(rank.entries().some(({ phase }) => phase === 'cancel_observed')).toBe(true);
    });

    test('a peer that is killed is an error within a second, and every later call is one', async () => {
      const waiting = group.ranks[0].do({ call: 'gather', phase: 'task_agreement', text: 'a' });
      waiting.catch(() => undefined);
      await sleep(300);
      const killedAt = performance.now();
      group.ranks[1].kill();
      await expect(waiting).rejects.toMatchObject({ name: 'PeerLostError' });
      expect(performance.now() - killedAt).toBeLessThan(peerLossMs);
      await expect(group.ranks[0].do({ call: 'gather', phase: 'task_agreement', text: 'a' })).rejects.toMatchObject({
        name: 'PeerLostError',
      });
    });

    test('a rank that hangs has left collective n−1 and its peer is inside n; released, both go on', async () => {
      await group.ranks[1].do({ call: 'inject', fault: { kind: 'hang', at: 'decode_barrier', after: 3 } });
      const both = Promise.all([generate(0, 12), generate(1, 12)]);
      both.catch(() => undefined);
      await expect
        .poll(() => group.ranks[1].entries().some(({ event }) => event === 'fault_injected'), { timeout: 10_000 })
        .toBe(true);
      // The other rank is a step behind or has arrived; it arrives.
      await expect
        .poll(() => group.ranks[0].state().cells.find(({ cell }) => cell === 1)?.phase, { timeout: 5_000 })
        .toBe('decode_barrier');
      const open = group.ranks[0].state().cells.find(({ cell }) => cell === 1);
      expect(group.ranks[1].state().cells.find(({ cell }) => cell === 1)).toBeUndefined();
      const last = collectives(group.ranks[1].entries()).at(-1);
      expect(last).toMatchObject({ event: 'collective_exit', barrierSeq: (open?.ordinal ?? 0) - 1 });
      expect(collectives(group.ranks[0].entries()).at(-1)).toMatchObject({
        event: 'collective_enter',
        barrierSeq: open?.ordinal,
      });

      await group.ranks[1].do({ call: 'inject', fault: { kind: 'release' } });
      const [first, second] = await both;
      expect(first).toEqual(second);
    });

    test('an injected error is thrown as one', async () => {
      await group.ranks[1].do({ call: 'inject', fault: { kind: 'error', at: 'decode_stream' } });
      generate(0, 12).catch(() => undefined);
      await expect(generate(1, 12)).rejects.toMatchObject({ name: 'InjectedError' });
    });

    test('abort breaks a collective that nobody else enters', async () => {
      const waiting = group.ranks[0].do({ call: 'gather', phase: 'task_agreement', text: 'a' });
      waiting.catch(() => undefined);
      await sleep(200);
      await group.ranks[0].do({ call: 'abort', reason: 'a test says so' });
      await expect(waiting).rejects.toMatchObject({ name: 'PeerLostError' });
    });

    test('collectives are numbered without gap, each entered and left', async () => {
      await Promise.all([generate(0, 4), generate(1, 4)]);
      for (const rank of group.ranks) {
        const seen = collectives(rank.entries());
        expect(seen.filter(({ kind }) => kind === 'enter').map(({ barrierSeq }) => barrierSeq)).toEqual(
          Array.from({ length: seen.length / 2 }, (_, index) => index),
        );
        expect(seen.filter(({ event }) => event === 'collective_exit')).toHaveLength(seen.length / 2);
      }
    });
  });
}

function collectives(entries: readonly RingEntry[]): RingEntry[] {
  return entries.filter(
    ({ op, pointToPoint, event }) => op !== null && !pointToPoint && event.startsWith('collective_'),
  );
}
