import { expect, test } from 'vitest';
import { type DeliveryLimits, openDelivery, type SendOutcome } from './delivery.ts';
import type { Parcel } from './parcel-queue.ts';

const limits: DeliveryLimits = { queued: 100, batch: 10, lingerMs: 0, urgentMs: 0, firstRetryMs: 1, lastRetryMs: 4 };
const parcel = (payload: number): Parcel<number> => ({
  payload,
  spanId: null,
  parentSpanId: null,
  anchorOf: null,
  urgent: false,
});

/** A receiver that says these, one after the other, and then accepts. */
function receiver(...says: SendOutcome[]) {
  const got: number[][] = [];
  const troubles: (string | null)[] = [];
  const delivery = openDelivery<number>({
    limits,
    onTrouble: (reason) => troubles.push(reason),
    send: async (batch) => {
      const outcome = says.shift() ?? { kind: 'delivered' };
      if (outcome.kind === 'delivered') got.push([...batch]);
      return outcome;
    },
  });
  return { delivery, got, troubles };
}

test('what is pushed arrives in order and in batches', async () => {
  const { delivery, got } = receiver();
  for (let i = 0; i < 25; i += 1) delivery.push(parcel(i));
  expect(await delivery.flush(5_000)).toBe(true);
  expect(got.flat()).toEqual(Array.from({ length: 25 }, (_, i) => i));
  expect(got.map((batch) => batch.length)).toEqual([10, 10, 5]);
  expect(delivery.facts()).toMatchObject({ exported: 25, queued: 0, dropped: 0, failed: 0, trouble: null });
});

test('a receiver that is away is asked again until it is back, and its absence is told once', async () => {
  const later = { kind: 'later', reason: 'ECONNREFUSED' } as const;
  const { delivery, got, troubles } = receiver(later, later, later);
  for (let i = 0; i < 15; i += 1) delivery.push(parcel(i));
  expect(await delivery.flush(5_000)).toBe(true);
  expect(got.flat()).toHaveLength(15);
  expect(troubles).toEqual(['ECONNREFUSED', null]);
});

test('what is refused is not sent again, is counted, and what follows is sent', async () => {
  const { delivery, got } = receiver({ kind: 'refused', reason: 'HTTP 400' });
  for (let i = 0; i < 15; i += 1) delivery.push(parcel(i));
  expect(await delivery.flush(5_000)).toBe(true);
  expect(got).toEqual([[10, 11, 12, 13, 14]]);
  expect(delivery.facts()).toMatchObject({ exported: 5, failed: 10 });
});

test('a flush gives up at its deadline and says so', async () => {
  const delivery = openDelivery<number>({
    limits,
    onTrouble: () => undefined,
    send: () => new Promise(() => undefined),
  });
  delivery.push(parcel(1));
  const before = performance.now();
  expect(await delivery.flush(50)).toBe(false);
  expect(performance.now() - before).toBeLessThan(2_000);
  delivery.close();
});

test('a mark is reached when all before it is settled, and not before', async () => {
  const answers: ((outcome: SendOutcome) => void)[] = [];
  const delivery = openDelivery<number>({
    limits,
    onTrouble: () => undefined,
    send: () => new Promise((resolve) => answers.push(resolve)),
  });
  const reached: string[] = [];
  delivery.push(parcel(1));
  delivery.mark('a', () => reached.push('a'));
  const flushed = delivery.flush(5_000);
  await expect.poll(() => answers.length).toBe(1);
  expect(reached).toEqual([]);
  answers[0]?.({ kind: 'delivered' });
  expect(await flushed).toBe(true);
  expect(reached).toEqual(['a']);
});

test('what is urgent takes along what waits, and does not wait for the next batch', async () => {
  const got: number[][] = [];
  const delivery = openDelivery<number>({
    limits: { ...limits, lingerMs: 60_000 },
    onTrouble: () => undefined,
    send: async (batch) => {
      got.push([...batch]);
      return { kind: 'delivered' };
    },
  });
  delivery.push(parcel(1));
  delivery.push({ ...parcel(2), urgent: true });
  await expect.poll(() => got).toEqual([[1, 2]]);
  delivery.close();
});

test('urgent or not, a receiver that said "later" is not asked before', async () => {
  const asked: number[] = [];
  const delivery = openDelivery<number>({
    limits: { ...limits, firstRetryMs: 200 },
    onTrouble: () => undefined,
    send: async () => {
      asked.push(performance.now());
      return asked.length === 1 ? { kind: 'later', reason: 'busy' } : { kind: 'delivered' };
    },
  });
  delivery.push({ ...parcel(1), urgent: true });
  await expect.poll(() => asked.length).toBe(1);
  delivery.push({ ...parcel(2), urgent: true });
  await expect.poll(() => asked.length).toBeGreaterThan(1);
  expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(190);
});
