import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// MLX's wheel carries reference BLAS. That the addon's shadows it is decided by the dynamic linker, so it is asked.
test.skipIf(process.platform !== 'linux')('libmlx multiplies with the BLAS that the addon brings', () => {
  const index = fileURLToPath(new URL('../../native/lib/index.ts', import.meta.url));
  const program = `import(${JSON.stringify(index)}).then(({ loadBinding }) => loadBinding().info())`;
  // All symbols at once, or cblas_sgemm would be bound at the first product and not at all here.
  const env = { ...process.env, LD_DEBUG: 'bindings', LD_BIND_NOW: '1' };
  const { stderr } = spawnSync(process.execPath, ['-e', program], { env, encoding: 'utf8', maxBuffer: 1 << 30 });
  const bound = stderr.split('\n').find((line) => /libmlx\.so.*normal symbol `cblas_sgemm'/.test(line));
  expect(bound).toMatch(/to \S*rankscope\.node/);
});
