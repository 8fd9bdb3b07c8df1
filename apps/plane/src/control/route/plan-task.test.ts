import { ChatCompletionRequest } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { planTask } from './plan-task.ts';

let ids = 0;
const newId = () => `01a2040d-ee42-77d5-a1be-${String(++ids).padStart(12, '0')}`;
const plan = (more: object) =>
  planTask(
    ChatCompletionRequest.parse({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more }),
    newId,
    1_000,
  );

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
  expect(task.sampling).toMatchObject({ temperature: 0.5, topP: 0.9, maxTokens: 9, stop: ['END'], seed: 0 });
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
