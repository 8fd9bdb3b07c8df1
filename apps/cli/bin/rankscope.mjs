#!/usr/bin/env node
// Plain JavaScript without anything new: whichever Node finds this file can read it and hand over to the pinned one.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../src/main.ts', import.meta.url);
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > 24 || (major === 24 && minor >= 12)) await import(main.href);
else handOver(fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url)));

function handOver(pinned) {
  if (!existsSync(pinned)) {
    console.error(
      `rankscope: needs Node 24.12 or newer; this is ${process.version}. Run npm install, or put Node 24 on PATH.`,
    );
    process.exit(1);
  }
  // Not spawnSync: it would leave a signal that was sent to us alone waiting until the command ends by itself.
  const child = spawn(pinned, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both of us; whoever sends SIGTERM or SIGHUP sends it to the one process they know.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`rankscope: ${pinned} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}
