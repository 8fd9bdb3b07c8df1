// `npm run check`: everything a machine can say of the code without running it.
import './require-node.mjs';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const checks = [
  ['types', ['tsc', '-b']],
  ['style', ['biome', 'check', '--error-on-warnings']],
  [
    'floors',
    ['depcruise', 'apps', 'packages', 'native/lib', '--config', '.dependency-cruiser.mjs', '--output-type', 'err'],
  ],
  ['unused', ['knip', '--no-progress']],
];

let failed = 0;
for (const [name, [program, ...args]] of checks) {
  const started = Date.now();
  const { status, stdout, stderr } = spawnSync(`${root}node_modules/.bin/${program}`, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 180_000,
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (status !== 0) {
    failed += 1;
    console.log(`${stdout}${stderr}`.trim());
  }
}
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
