// `npm run test:soak [-- NAME …]`: what takes too long for `npm test`, one after the other, each in a process of its own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const soaks = ['otlp-fuzz', 'collector-outage'];
const deadlineMs = 60 * 60_000;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !soaks.includes(name));
if (unknown.length > 0) {
  console.error(`no such soak: ${unknown.join(', ')}; there are: ${soaks.join(', ')}`);
  process.exit(2);
}
const chosen = soaks.filter((soak) => wanted.length === 0 || wanted.includes(soak));
const failed = chosen.filter((name) => {
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const { status, signal } = spawnSync(process.execPath, [script], {
    stdio: 'inherit',
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
  });
  if (status !== 0) console.error(`soak ${name} ${signal ? `ended by ${signal}` : `failed with exit code ${status}`}`);
  return status !== 0;
});
console.log(`${chosen.length - failed.length} passed, ${failed.length} failed`);
process.exit(failed.length === 0 ? 0 : 1);
