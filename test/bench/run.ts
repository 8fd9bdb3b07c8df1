// `npm run bench [-- NAME …]`: one script a figure, one after the other, each in a process of its own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const benches = ['recorder', 'recording-cost', 'dead-peers', 'plane-at-rest', 'tokens', 'entry-store'];
const deadlineMs = 20 * 60_000;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !benches.includes(name));
if (unknown.length > 0) {
  console.error(`no such bench: ${unknown.join(', ')}; there are: ${benches.join(', ')}`);
  process.exit(2);
}
let failed = 0;
for (const name of benches.filter((bench) => wanted.length === 0 || wanted.includes(bench))) {
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status, signal } = spawnSync(process.execPath, [script], {
    stdio: 'inherit',
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
  });
  if (status === 0) continue;
  failed += 1;
  console.error(`bench ${name} ${signal ? `ended by ${signal}` : `failed with exit code ${status}`}`);
}
process.exit(failed === 0 ? 0 : 1);
