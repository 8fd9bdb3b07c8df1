import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  agree,
  decodeTable,
  type EndWish,
  encodeTable,
  endWishes,
  type Holding,
  tableBytes,
  tableSlots,
} from './agree-task.ts';

const id = (n: number) => `01a2040e-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
const holding = (n: number, wish: EndWish = 'none'): Holding => ({ taskId: id(n), wish });
const table = (...holdings: Holding[]) => ({ holdings, gaveUp: false });
const wishes = fc.constantFrom(...endWishes);

test('a table comes back as it was laid, sorted and cut to its slots, always of one size', () => {
  const holdings = fc.uniqueArray(fc.record({ taskId: fc.uuid({ version: 7 }), wish: wishes }), {
    selector: (held) => held.taskId,
    maxLength: 40,
  });
  fc.assert(
    fc.property(holdings, fc.boolean(), (given, gaveUp) => {
      const bytes = encodeTable({ holdings: given, gaveUp });
      expect(bytes).toHaveLength(tableBytes);
      const sorted = [...given].sort((a, b) => (a.taskId < b.taskId ? -1 : 1)).slice(0, tableSlots);
      expect(decodeTable(bytes)).toEqual({ holdings: sorted, gaveUp });
    }),
  );
});

test('the oldest that all hold is next; a wish of anybody counts, the strongest first', () => {
  expect(
    agree([table(holding(1), holding(2)), table(holding(3), holding(2, 'deadline')), table(holding(2, 'cancel'))]),
  ).toEqual({
    kind: 'task',
    taskId: id(2),
    wish: 'cancel',
  });
});

test('nothing in common is nothing, until a rank gives up; then all that lies there is dropped', () => {
  expect(agree([table(holding(1)), table(holding(2))])).toEqual({ kind: 'nothing' });
  expect(agree([{ ...table(holding(1)), gaveUp: true }, table(holding(2))])).toEqual({
    kind: 'gave_up',
    taskIds: [id(1), id(2)],
  });
  expect(agree([{ ...table(holding(1)), gaveUp: true }, table(holding(1))])).toMatchObject({
    kind: 'task',
    taskId: id(1),
  });
});

/** Messages of one rank, in the order in which they reach it: a task, or (negative) the cancel of one. */
type Script = readonly number[];

interface Model {
  readonly held: Map<number, EndWish>;
  readonly done: { readonly task: number; readonly wish: EndWish }[];
}

/** A round takes place when every rank has something: one that has nothing rests, and the others wait for it. */
function round(ranks: readonly Model[]): boolean {
  if (ranks.some(({ held }) => held.size === 0)) return false;
  const tables = ranks.map(({ held }) =>
    decodeTable(encodeTable({ holdings: [...held].map(([task, wish]) => holding(task, wish)), gaveUp: false })),
  );
  const agreement = agree(tables);
  if (agreement.kind !== 'task') return false;
  const task = Number.parseInt(agreement.taskId.slice(-12), 16);
  for (const { held, done } of ranks) {
    held.delete(task);
    done.push({ task, wish: agreement.wish });
  }
  return true;
}

test('whatever order tasks and cancels arrive in on each rank, all ranks do the same tasks in the same order', () => {
  const taskCount = 24;
  const tasks = Array.from({ length: taskCount }, (_, index) => index + 1);
  const script = fc
    .tuple(fc.shuffledSubarray(tasks, { minLength: taskCount }), fc.subarray(tasks))
    // A cancel never overtakes its task on one channel.
    .map(([order, cancelled]): Script => order.flatMap((task) => (cancelled.includes(task) ? [task, -task] : [task])));
  fc.assert(
    fc.property(fc.array(script, { minLength: 2, maxLength: 5 }), fc.infiniteStream(fc.nat()), (scripts, choices) => {
      const ranks: Model[] = scripts.map(() => ({ held: new Map(), done: [] }));
      const places = scripts.map(() => 0);
      const deliver = (rank: number): void => {
        const message = scripts[rank]?.[places[rank] ?? 0];
        places[rank] = (places[rank] ?? 0) + 1;
        const model = ranks[rank];
        if (message === undefined || model === undefined) return;
        if (message > 0) model.held.set(message, 'none');
        else if (model.held.has(-message)) model.held.set(-message, 'cancel');
      };
      const open = () => scripts.flatMap((script, rank) => ((places[rank] ?? 0) < script.length ? [rank] : []));
      for (let left = open(); left.length > 0; left = open()) {
        const choice: number = choices.next().value ?? 0;
        if (choice % 3 === 0) round(ranks);
        else deliver(left[choice % left.length] ?? 0);
      }
      while (round(ranks));
      const [first, ...others] = ranks;
      expect(first?.done.map(({ task }) => task).sort((a, b) => a - b)).toEqual(tasks);
      for (const other of others) expect(other.done).toEqual(first?.done);
    }),
    { numRuns: 200 },
  );
});
