import { expect, test } from 'vitest';
import { classifyFailure, exitCodeOf } from './classify-failure.ts';
import { EngineError } from './engine/engine.ts';

test('an error is known by its name, and before there is a group it is one of connecting', () => {
  const lost = new EngineError('PeerLostError', 'rank 1 closed its socket');
  expect(classifyFailure(lost, { connecting: false })).toBe('peer_lost');
  expect(classifyFailure(lost, { connecting: true })).toBe('connect_failed');
  expect(classifyFailure(new Error('std::bad_alloc'), { connecting: false })).toBe('out_of_memory');
  expect(classifyFailure('what', { connecting: false })).toBe('internal');
});

test('an exit code other than 1 says one thing', () => {
  const codes = Object.values(exitCodeOf).filter((code) => code !== 1);
  expect(new Set(codes).size).toBe(codes.length);
});
