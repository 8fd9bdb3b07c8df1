import { ChatCompletionRequest } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { planTask } from './plan-task.ts';

let ids = 0;
const newId = () => `01a2040d-ee42-77d5-a1be-${String(++ids).padStart(12, '0')}`;
const plan = (more: object) =>
  planTask(ChatCompletionRequest.parse({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more }), {
    newId,
    newSeed: () => 4_294_967_295,
    deadlineMs: 1_000,
  });

test('what OpenAI calls it, what the ranks are told', () => {
  const { task, ignored } = plan({
    temperature: 0.5,
    top_p: 0.9,
    max_tokens: 7,
    max_completion_tokens: 9,
    stop: 'END',
    logit_bias: {},
    user: 'u',
  });
  expect(task.sampling).toMatchObject({ temperature: 0.5, topP: 0.9, maxTokens: 9, stop: ['END'] });
  expect(task.taskId).not.toBe(task.commandId);
  expect(ignored).toEqual(['logit_bias', 'user']);
});

test('null is "not said"', () => {
  expect(plan({ temperature: null, max_tokens: null, stop: null }).task.sampling).toMatchObject({
    temperature: 0,
    maxTokens: 256,
    stop: [],
  });
});

test('text in parts is text; what is not text is refused by its place', () => {
  const text = (value: string) => ({ type: 'text', text: value });
  expect(plan({ messages: [{ role: 'user', content: [text('a'), text('b')] }] }).task.messages).toEqual([
    { role: 'user', content: 'ab' },
  ]);
  const image = { type: 'image_url', image_url: {} };
  expect(() => plan({ messages: [{ role: 'user', content: [text('a'), image] }] })).toThrow(
    /messages\[0\]\.content\[1\].*image_url/,
  );
});

test('without a seed every request draws its own; a seed that is named counts, zero too', () => {
  expect(plan({ temperature: 1.5 }).task.sampling.seed).toBe(4_294_967_295);
  expect(plan({ temperature: 1.5, seed: 0 }).task.sampling.seed).toBe(0);
});

test('"developer" is OpenAI\'s newer word for "system"', () => {
  const messages = [{ role: 'developer', content: 'Be brief.' }];
  expect(plan({ messages }).task.messages).toEqual([{ role: 'system', content: 'Be brief.' }]);
});

test("what the request lets pass and the ranks do not is the caller's mistake, by the caller's name for it", () => {
  const request = ChatCompletionRequest.parse({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
  const refusal = (more: object): unknown => {
    try {
      planTask({ ...request, ...more }, { newId, newSeed: () => 1, deadlineMs: 1 });
    } catch (error) {
      return error;
    }
    return null;
  };
  for (const [more, message] of [
    [{ max_tokens: 1e12 }, /^max_tokens: .*1048576/],
    [{ max_completion_tokens: 1e12 }, /^max_completion_tokens: .*1048576/],
    [{ temperature: 3 }, /^temperature: .*2/],
    [{ top_p: 2 }, /^top_p: .*1/],
    [{ seed: 2 ** 40 }, /^seed: .*4294967295/],
    [{ stop: Array.from({ length: 17 }, String) }, /^stop: .*16/],
  ] as const) {
    expect(refusal(more)).toMatchObject({
      name: 'ProblemError',
      code: 'bad_body',
      message: expect.stringMatching(message),
    });
  }
});
