// `npm start`: build what is missing, then `rankscope up` in this same process.
import './require-node.mjs';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

// A machine without MLX still gets a plane and a page; `up` says what is missing when it is asked for a model.
for (const step of ['native.mjs', 'web.mjs']) {
  const { status } = spawnSync(process.execPath, [here(step)], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}
process.argv.splice(2, 0, 'up');
await import('../src/main.ts');
