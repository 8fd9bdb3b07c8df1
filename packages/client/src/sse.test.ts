import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSse, type SseEvent } from './sse.ts';

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < at.length; i += 1) yield bytes.subarray(at[i - 1], at[i]);
}

async function read(text: string, cuts: readonly number[] = []): Promise<SseEvent[]> {
  return collect(readSse(pieces(new TextEncoder().encode(text), cuts)));
}

const stream =
  ': hello\n\nid: 7\nevent: delta\ndata: {"a":\ndata: "é😀"}\n\nevent: ping\n\ndata:x\n\ndata\n\ndata: cut';
const events = [
  { event: 'delta', data: '{"a":\n"é😀"}', id: '7' },
  { event: 'message', data: 'x', id: '7' },
  { event: 'message', data: '', id: '7' },
];

test('fields, comments, lines of data, and nothing of an event that was cut', async () => {
  expect(await read(stream)).toEqual(events);
});

test('however it is cut, and whichever line ends it uses', async () => {
  const cuts = fc.array(fc.nat(200), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(cuts, fc.constantFrom('\n', '\r\n', '\r'), async (at, end) => {
      expect(await read(stream.replaceAll('\n', end), at)).toEqual(events);
    }),
  );
});

/** Array.fromAsync, which the compiler's ES2024 does not know yet. */
async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
