// `npm run stack`: Collector, Jaeger and Prometheus beside `rankscope up`, on loopback.
import './require-node.mjs';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openTerminal } from '../src/terminal.ts';
import { runStack } from './stack/run-stack.ts';

for (const step of ['native.mjs', 'web.mjs']) {
  const script = fileURLToPath(new URL(step, import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}
process.exitCode = await runStack({ args: process.argv.slice(2), env: process.env, terminal: openTerminal() });
