import { expect, test } from 'vitest';
import { limitComputeThreads } from './config.ts';

test('the assignment says how many threads compute, unless a person has', () => {
  const env: NodeJS.ProcessEnv = {};
  limitComputeThreads(null, env);
  expect(env).toEqual({});
  limitComputeThreads(2, env);
  limitComputeThreads(8, env);
  expect(env).toEqual({ OPENBLAS_NUM_THREADS: '2' });
});
