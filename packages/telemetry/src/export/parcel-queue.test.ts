import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Parcel, ParcelQueue } from './parcel-queue.ts';

type Anchor = Parcel<string>['anchorOf'];
const parcel = (spanId: string, parentSpanId: string | null = null, anchorOf: Anchor = null): Parcel<string> => ({
  payload: spanId,
  spanId,
  parentSpanId,
  anchorOf,
  urgent: false,
});

test('when it is full the oldest is given up and counted', () => {
  const queue = new ParcelQueue<string>(3);
  for (const id of ['a', 'b', 'c', 'd', 'e']) queue.push(parcel(id));
  expect(queue.facts).toMatchObject({ queued: 3, dropped: 2 });
  expect(queue.take(10)).toEqual(['c', 'd', 'e']);
});

test('an anchor outlives what hangs from it, and one that is given up takes it along', () => {
  const queue = new ParcelQueue<string>(4);
  queue.push(parcel('root', null, 'attempt'));
  queue.push(parcel('x', null, 'command'));
  queue.push(parcel('x1', 'x'));
  queue.push(parcel('y', null, 'command'));
  queue.push(parcel('y1', 'y'));
  // x1 has gone. With three, anchors of commands are more than half of what may wait: the oldest goes.
  queue.push(parcel('z', null, 'command'));
  queue.push(parcel('x2', 'x'));
  expect(queue.take(10)).toEqual(['root', 'y', 'y1', 'z']);
  expect(queue.facts.dropped).toBe(3);
});

test('what is on its way is not given up, and comes again until it is settled', () => {
  const queue = new ParcelQueue<string>(2);
  queue.push(parcel('a'));
  expect(queue.take(10)).toEqual(['a']);
  for (const id of ['b', 'c', 'd']) queue.push(parcel(id));
  expect(queue.take(10)).toEqual(['a']);
  queue.delivered();
  expect(queue.take(10)).toEqual(['c', 'd']);
});

test('a refused anchor of an attempt comes again, a refused anchor of a command is lost with its children', () => {
  const queue = new ParcelQueue<string>(10);
  queue.push(parcel('root', null, 'attempt'));
  queue.push(parcel('x', null, 'command'));
  queue.take(10);
  queue.refused();
  queue.push(parcel('x1', 'x'));
  queue.push(parcel('r1', 'root'));
  expect(queue.take(10)).toEqual(['root', 'r1']);
  queue.delivered();
  expect(queue.facts).toMatchObject({ exported: 2, failed: 2, dropped: 1, queued: 0 });
});

test('marks are reached in order, and a newer one of the same key takes the place of one that waits beside it', () => {
  const queue = new ParcelQueue<string>(10);
  const reached: string[] = [];
  const mark = (key: string, name: string) => queue.mark(key, () => reached.push(name));
  queue.push(parcel('a'));
  mark('one', 'one');
  mark('two', 'two');
  mark('one', 'one again');
  queue.push(parcel('b'));
  mark('one', 'last');
  queue.take(1);
  queue.delivered();
  expect(reached).toEqual(['two', 'one again']);
  queue.take(1);
  queue.delivered();
  expect(reached).toEqual(['two', 'one again', 'last']);
});

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('push' as const), of: fc.nat({ max: 5 }), anchor: fc.boolean() }),
  },
  fc.record({ do: fc.constant('take' as const), max: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ do: fc.constantFrom('delivered' as const, 'refused' as const) }),
);

test('whatever happens: bounded, nothing unaccounted for, and no span delivered whose parent was not', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new ParcelQueue<Parcel<string>>(8);
      const delivered = new Set<string>();
      let pushed = 0;
      let inFlight: readonly Parcel<string>[] = [];
      const generation = [0, 0, 0, 0, 0, 0];
      for (const taken of steps) {
        if (taken.do === 'push') {
          // An anchor comes before its children, and once.
          if (taken.anchor) generation[taken.of] = (generation[taken.of] ?? 0) + 1;
          const anchor = `${taken.of}.${generation[taken.of]}`;
          if (generation[taken.of] === 0) continue;
          const one = taken.anchor ? parcel(anchor, null, 'command') : parcel(`s${pushed}`, anchor);
          queue.push({ ...one, payload: one });
          pushed += 1;
        } else if (taken.do === 'take') inFlight = queue.take(taken.max);
        else {
          if (taken.do === 'delivered') for (const { spanId } of inFlight) delivered.add(spanId ?? '');
          for (const { parentSpanId } of taken.do === 'delivered' ? inFlight : [])
            expect(parentSpanId === null || delivered.has(parentSpanId)).toBe(true);
          if (taken.do === 'delivered') queue.delivered();
          else queue.refused();
          inFlight = [];
        }
        const { queued, exported, dropped, failed } = queue.facts;
        expect(queued + exported + dropped + failed).toBe(pushed);
        expect(queued).toBeLessThanOrEqual(8 + 6);
      }
    }),
    { numRuns: 500 },
  );
});
