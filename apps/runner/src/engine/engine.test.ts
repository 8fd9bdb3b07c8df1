import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import { describeEngine } from './engine.contract.ts';

describeEngine('the simulated engine', {
  engine: 'simulated',
  modelDir: 'simulated?tokenMs=5&words=1000',
  prompt: [11, 12, 13],
});

const addon = fileURLToPath(new URL('../../../../build/native/rankscope.node', import.meta.url));
const tiny = fileURLToPath(new URL('../../../../native/models/tiny', import.meta.url));
if (existsSync(addon)) {
  // "Count.": 270 tokens.
  describeEngine('the MLX engine', {
    engine: 'mlx',
    modelDir: tiny,
    prompt: [3, 203, 39, 287, 82, 88, 18, 1, 203, 4, 203],
  });
} else {
  describe('the MLX engine', () => {
    test.skip('the native core is not built: run `npm run native`', () => undefined);
  });
}
