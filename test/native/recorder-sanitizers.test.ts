import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildRecorderProgram } from '../bench/recorder-build.ts';

const testDeadlineMs = 120_000;

test('the native recorder’s tests pass as they are, under ThreadSanitizer and under AddressSanitizer', ({ skip }) => {
  const built = buildRecorderProgram('all');
  if (built.kind === 'refused') return skip(built.reason);
  const directory = join(built.path, '../..');
  const args = ['--test-dir', directory, '--output-on-failure'];
  const { status, stdout, stderr } = spawnSync('ctest', args, { encoding: 'utf8', timeout: testDeadlineMs });
  expect(status, stdout + stderr).toBe(0);
  for (const variant of ['plain', 'tsan', 'asan']) {
    expect(stdout).toMatch(new RegExp(`recorder_threads_test_${variant} \\.+ +Passed`));
  }
});
