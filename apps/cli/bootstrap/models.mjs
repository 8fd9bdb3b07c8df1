// Fetches and converts the real model once, into the cache, for the tests that need it.
import './require-node.mjs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureModel } from '../../plane/src/node/models/ensure-model.ts';

let said = '';
const model = await ensureModel('smollm2', {
  cacheDir: process.env.RANKSCOPE_CACHE || join(homedir(), '.cache', 'rankscope'),
  tinyDir: fileURLToPath(new URL('../../../native/models/tiny', import.meta.url)),
  onProgress: ({ step, doneBytes, totalBytes }) => {
    const line = `rankscope: SmolLM2, ${step}${totalBytes > 0 ? ` ${Math.floor((doneBytes / totalBytes) * 10) * 10} %` : ''}`;
    if (line !== said) console.error(line);
    said = line;
  },
});
if (model.kind === 'refused') {
  console.error(`rankscope: no SmolLM2: ${model.reason}. ${model.fix}`);
  process.exit(1);
}
