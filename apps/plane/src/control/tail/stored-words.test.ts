import { NodeDiagnostics } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { createMemoryEntryStore } from '../entries/memory-entry-store.ts';
import { batchOf } from '../entries/rows.fixture.ts';
import { createStoredWords } from './stored-words.ts';

const wordsAt = (generatedAt: string) =>
  NodeDiagnostics.parse({
    generatedAt,
    runtime: { nodeId: 'n', hostname: 'h', isMaster: false, cwd: '.' },
    resources: {},
  });

test('a silent node is looked up once, and again when it has said something new', async () => {
  const kept = createMemoryEntryStore();
  let lookedUp = 0;
  const store = {
    ...kept,
    lastWords: (nodeId: string, limit: number) => {
      lookedUp += 1;
      return kept.lastWords(nodeId, limit);
    },
  };
  let answers = 1;
  const words = createStoredWords(store, { answersOf: () => answers });
  const say = (generatedAt: string) =>
    kept.append({ nodeId: 'n', batch: batchOf([]), cursor: 'c', diagnostics: wordsAt(generatedAt) });

  await say('2026-11-22T00:00:01Z');
  for (let i = 0; i < 3; i += 1) expect((await words('n', 5))?.generatedAt).toBe('2026-11-22T00:00:01Z');
  expect(lookedUp).toBe(1);
  await words('n', 6);
  expect(lookedUp, 'another limit is another question').toBe(2);
  await say('2026-11-22T00:00:02Z');
  answers += 1;
  expect((await words('n', 5))?.generatedAt).toBe('2026-11-22T00:00:02Z');
});

test('what could not be read is asked for again', async () => {
  const kept = createMemoryEntryStore();
  let broken = true;
  const lastWords = () =>
    broken ? Promise.reject(new Error('busy')) : Promise.resolve(wordsAt('2026-11-22T00:00:01Z'));
  const words = createStoredWords({ ...kept, lastWords }, { answersOf: () => 1 });
  await expect(words('n', 5)).rejects.toThrow('busy');
  broken = false;
  expect((await words('n', 5))?.generatedAt).toBe('2026-11-22T00:00:01Z');
});
