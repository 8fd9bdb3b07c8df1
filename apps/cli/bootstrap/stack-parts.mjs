// Builds the parts of the stack that come as Go modules, for the tests that need them. What cannot be had is said and is
// no failure: those tests skip, with the reason. `--background` gives way to whatever else wants the processor.
import './require-node.mjs';
import { homedir, setPriority } from 'node:os';
import { join } from 'node:path';
import { findParts } from './stack/find-parts.ts';

const politely = 10;
if (process.argv.includes('--background')) setPriority(politely);

const abort = new AbortController();
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => abort.abort());

const parts = await findParts(new Set(), {
  env: process.env,
  cacheDir: process.env.RANKSCOPE_CACHE || join(homedir(), '.cache', 'rankscope'),
  say: (line) => console.error(`rankscope: ${line}`),
  signal: abort.signal,
});
for (const [name, part] of Object.entries(parts)) {
  if (part.kind === 'absent') console.error(`rankscope: no ${name}: ${part.reason}. ${part.fix}`);
}
