import { expect, test } from 'vitest';
import { findGoFault, judgeGo } from './find-go.ts';

test.each([
  ['go1.26.8', 'local'],
  ['go1.25', 'local'],
  ['go1.21.0', 'auto'],
  ['devel go1.27-abcdef', ''],
])('%s with GOTOOLCHAIN=%s builds the parts', (version, toolchain) => {
  expect(judgeGo(version, toolchain)).toBeNull();
});

test.each([
  ['go1.24.6', 'local'],
  // Debian 12's own, which knows nothing of toolchains.
  ['go1.19.8', ''],
])('%s with GOTOOLCHAIN=%s is too old, and the way out is named', (version, toolchain) => {
  expect(judgeGo(version, toolchain)).toEqual({
    kind: 'absent',
    reason: `${version} is too old to build it`,
    fix: expect.stringContaining('https://go.dev/dl'),
  });
});

test('without Go the reason says so', () => {
  expect(findGoFault({ PATH: '/nowhere' })).toMatchObject({
    kind: 'absent',
    reason: expect.stringContaining('no `go`'),
  });
});
