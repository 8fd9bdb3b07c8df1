// Builds the page that every plane serves, when something it is made of has changed; otherwise returns at once.
import './require-node.mjs';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const root = resolve(import.meta.dirname, '../../..');
const web = join(root, 'apps/web');
// Beside the export, not in it: `next build` empties `out`.
const stamp = join(web, '.next', 'rankscope-built-from');
const turn = join(root, 'build', 'web.pid');
const buildDeadlineMs = 300_000;

const inputs = [
  'apps/web/*.{json,ts,mjs}',
  'apps/web/{src,public}/**/*',
  'packages/{schema,timeline}/{package.json,src/**/*.ts}',
  'package-lock.json',
];
const ignored = /\.(test|contract)\.tsx?$|(^|\/)(next-env\.d\.ts|tsconfig\.tsbuildinfo)$/;

/** One hash over names and contents: times of files say nothing after a clone. */
function hashOfInputs() {
  const hash = createHash('sha256').update(process.version);
  const entries = globSync(inputs, { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => join(entry.parentPath, entry.name)).filter((file) => !ignored.test(file));
  for (const file of files.sort())
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

const wanted = hashOfInputs();
const isBuilt = () =>
  existsSync(stamp) && existsSync(join(web, 'out/csp.json')) && readFileSync(stamp, 'utf8') === wanted;

/** Two builds in one folder ruin each other. Whoever comes second waits, unless the first is no longer alive. */
function takeTurn() {
  try {
    writeFileSync(turn, String(process.pid), { flag: 'wx' });
    process.on('exit', () => rmSync(turn, { force: true }));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    process.kill(Number(readFileSync(turn, 'utf8')) || process.pid, 0);
  } catch {
    rmSync(turn, { force: true });
  }
  return false;
}

if (isBuilt()) process.exit(0);
mkdirSync(dirname(turn), { recursive: true });
for (const giveUpMs = performance.now() + buildDeadlineMs; !takeTurn(); await setTimeout(200))
  if (performance.now() > giveUpMs)
    throw new Error(`another build of the page does not end; if there is none, remove ${turn}`);
if (isBuilt()) process.exit(0);

process.stdout.write('web: building the page (about 15 s, once per change) … ');
const startedMs = performance.now();
const next = join(dirname(createRequire(join(web, 'package.json')).resolve('next/package.json')), 'dist/bin/next');
for (const args of [[next, 'build'], [join(web, 'seal.mjs')]]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: web,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) {
    rmSync(stamp, { force: true });
    process.stdout.write(`failed\n${stdout}${stderr}`);
    process.exit(status ?? 1);
  }
}
writeFileSync(stamp, wanted);
process.stdout.write(`done in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
