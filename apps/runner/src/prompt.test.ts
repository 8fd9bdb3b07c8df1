import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Sampling, TaskOrder } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { buildPrompt } from './build-prompt.ts';
import { openPrompter } from './prompt.ts';

const tiny = fileURLToPath(new URL('../../../native/models/tiny', import.meta.url));
const Expected = z.array(
  z.object({ prompt: z.string(), answer: z.string(), promptTokens: z.array(z.int()), greedyTokens: z.array(z.int()) }),
);
const expected = Expected.parse(JSON.parse(readFileSync(join(tiny, 'expected.json'), 'utf8')));

test.each(expected.map((one) => [one.prompt, one] as const))(
  'tokens of %s and of its answer are those of the reference',
  (prompt, one) => {
    const prompter = openPrompter(tiny);
    expect(prompter.encode(prompter.render([{ role: 'user', content: prompt }]))).toEqual(one.promptTokens);
    expect(prompter.decode(one.greedyTokens)).toBe(one.answer);
  },
);

test('a model directory without its files is named, file and reason', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-prompt-'));
  expect(() => openPrompter(dir)).toThrow(/tokenizer_config\.json/);
  writeFileSync(join(dir, 'tokenizer_config.json'), '{}');
  writeFileSync(join(dir, 'tokenizer.json'), readFileSync(join(tiny, 'tokenizer.json')));
  expect(() => openPrompter(dir)).toThrow(/no chat template/);
  writeFileSync(join(dir, 'chat_template.jinja'), '{{ raise_exception("roles must alternate") }}');
  expect(() => openPrompter(dir).render([{ role: 'user', content: 'x' }])).toThrow(/roles must alternate/);
  rmSync(dir, { recursive: true });
});

const order = (content: string, maxTokens = 256) =>
  TaskOrder.parse({
    taskId: '01a2040e-0000-7000-8000-000000000001',
    commandId: '01a2040e-0000-7000-8000-000000000002',
    messages: [{ role: 'user', content }],
    sampling: Sampling.parse({ maxTokens }),
    deadlineMs: 1,
  });
const model = { contextLength: 8, eosTokenIds: [] };
const words = {
  render: (messages: readonly { content: string }[]) => messages.map(({ content }) => content).join(' '),
  encode: (text: string) =>
    text
      .split(' ')
      .filter(Boolean)
      .map(() => 1),
  longestTokenBytes: 10,
  decode: () => '',
};

test('a prompt leaves room for its answer, or is refused with the numbers', () => {
  expect(buildPrompt({ prompter: words, model, order: order('a b c') })).toEqual({
    kind: 'tokens',
    tokens: [1, 1, 1],
    maxTokens: 5,
  });
  expect(buildPrompt({ prompter: words, model, order: order('a b c', 2) })).toMatchObject({ maxTokens: 2 });
  expect(buildPrompt({ prompter: words, model, order: order('a b c d e f g h') })).toMatchObject({
    kind: 'refused',
    class: 'prompt_too_long',
  });
  expect(buildPrompt({ prompter: words, model, order: order(' ') })).toMatchObject({
    kind: 'refused',
    class: 'bad_request',
  });
});

test('what a template throws is the answer, not the end of the rank', () => {
  const prompter = {
    ...words,
    render: () => {
      throw new Error('roles must alternate');
    },
  };
  expect(buildPrompt({ prompter, model, order: order('a') })).toMatchObject({
    class: 'bad_request',
    message: expect.stringContaining('roles must alternate'),
  });
});

test('a text that no context can hold is refused before it is tokenised', () => {
  const prompter = {
    ...words,
    encode: () => {
      throw new Error('tokenised');
    },
  };
  expect(buildPrompt({ prompter, model, order: order('x'.repeat(81)) })).toMatchObject({
    class: 'prompt_too_long',
    message: "The prompt has 81 bytes; the model's context of 8 tokens holds at most 80.",
  });
});

test('the longest token is found among words and special tokens', () => {
  const prompter = openPrompter(tiny);
  expect(prompter.longestTokenBytes).toBeGreaterThanOrEqual('<|end|>'.length);
  const [fewest] = expected.map(
    (one) => one.greedyTokens.length * prompter.longestTokenBytes - Buffer.byteLength(one.answer),
  );
  expect(fewest).toBeGreaterThanOrEqual(0);
});
