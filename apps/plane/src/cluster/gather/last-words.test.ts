import { NodeDiagnostics } from '@rankscope/schema';
import type { GatheredNode } from '@rankscope/timeline';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withLastWords } from './last-words.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const words = NodeDiagnostics.parse({
  generatedAt: '2026-11-22T02:41:07.412913Z',
  runtime: { nodeId: 'n', hostname: 'h', isMaster: false, cwd: '.' },
  resources: {},
});
const silent: GatheredNode = { kind: 'unreachable', nodeId: 'n', url: 'http://n:1', error: 'refused' };
const answered: GatheredNode = { kind: 'ok', nodeId: 'n', url: 'http://n:1', diagnostics: words, roundTripMs: 1 };

const after = <T>(ms: number, value: T): Promise<T> =>
  new Promise((done) => {
    setTimeout(() => done(value), ms);
  });

/** Asks with a deadline of 2 s; gives back what came of it, after how long, and when the words were asked for. */
async function ask(asking: Promise<GatheredNode>, keeper: () => Promise<NodeDiagnostics | null>) {
  const startedMs = performance.now();
  const askedAfterMs: number[] = [];
  const lastWords = () => {
    askedAfterMs.push(performance.now() - startedMs);
    return keeper();
  };
  const asked = withLastWords({ asking, nodeId: 'n', limit: 5, lastWords, deadlineMs: 2_000 });
  const timed = asked.then((node) => ({ node, tookMs: performance.now() - startedMs }));
  await vi.advanceTimersByTimeAsync(5_000);
  return { ...(await timed), askedAfterMs };
}

test('a node that answers soon is not asked after', async () => {
  const { node, askedAfterMs } = await ask(after(900, answered), () => Promise.resolve(words));
  expect([node, askedAfterMs]).toEqual([answered, []]);
});

test('a node that is late is asked after before its deadline, so that its words cost no time of their own', async () => {
  const late = await ask(after(2_000, silent), () => after(800, words));
  expect(late).toEqual({ node: { ...silent, lastWords: words }, tookMs: 2_000, askedAfterMs: [1_000] });
  const came = await ask(after(1_500, answered), () => after(200, words));
  expect([came.node, came.tookMs], 'its own words are better').toEqual([answered, 1_500]);
});

test('a node that refuses is given its words as soon as they are there', async () => {
  const { node, tookMs, askedAfterMs } = await ask(Promise.resolve(silent), () => after(30, words));
  expect([node, tookMs, askedAfterMs]).toEqual([{ ...silent, lastWords: words }, 30, [0]]);
});

test('whoever keeps the words and is silent too, or breaks, costs no more than the deadline and a moment', async () => {
  const never = await ask(after(2_000, silent), () => new Promise<null>(() => undefined));
  expect([never.node, never.tookMs]).toEqual([silent, 2_100]);
  const broken = await ask(Promise.resolve(silent), () => Promise.reject(new Error('the disk is gone')));
  expect([broken.node, broken.tookMs]).toEqual([silent, 0]);
  const nobody = await ask(Promise.resolve(silent), () => Promise.resolve(null));
  expect(nobody.node).toEqual(silent);
});
