// Builds the native core when its inputs have changed, and writes what came of it to build/native/status.json. Never
// fails unless told `--require`: planes, CLI and web work without it, and its loader says why it is not there.
// Plain JavaScript for any Node from 20 on.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAddon } from '../../../native/bootstrap/build-addon.mjs';
import { findMlx } from '../../../native/bootstrap/find-mlx.mjs';
import { Unavailable } from '../../../native/bootstrap/outcome.mjs';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const outDir = join(repository, 'build', 'native');
const statusFile = join(outDir, 'status.json');
const cacheDir = process.env.RANKSCOPE_CACHE || join(homedir(), '.cache', 'rankscope');
const required = process.argv.includes('--require');

// Two builds at once (a start and a test) would write the same files; a build takes less than this.
const lockSeconds = 300;

const say = (text) => console.error(`rankscope: ${text}`);

const inputsKey = hashInputs();
let status = readFinished();
if (status === null) {
  const unlock = await lock();
  try {
    status = readFinished() ?? (await build());
  } finally {
    unlock();
  }
}
if (!status.ok) {
  say(`no native core: ${status.reason}`);
  say(status.fix);
  if (required) process.exitCode = 1;
}

async function build() {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  mkdirSync(outDir, { recursive: true });
  try {
    const mlx = findMlx({ repository, cacheDir, environment: process.env, say });
    await buildAddon({ repository, outDir, cacheDir, inputsKey, mlx, say });
    say(`the native core is built (MLX ${mlx.version}, ${seconds()} s)`);
    return write({ ok: true, code: 'ok', reason: '', fix: '', mlx: mlx.version, how: mlx.how, mlxRoot: mlx.root });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    rmSync(join(outDir, 'rankscope.node'), { force: true });
    if (error.code.startsWith('mlx_') || error.code === 'no_pip' || error.code === 'no_python')
      await buildRecorderAlone();
    return write({
      ok: false,
      code: error.code,
      reason: error.message,
      fix: error.fix,
      mlx: null,
      how: null,
      mlxRoot: null,
    });
  }
}

/** Half a native core: the recorder needs no MLX. Whether it can be built changes nothing about the reason above. */
async function buildRecorderAlone() {
  try {
    await buildAddon({ repository, outDir, cacheDir, inputsKey, mlx: null, say });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
}

function write(outcome) {
  const whole = { ...outcome, inputs: inputsKey };
  writeFileSync(`${statusFile}.new`, `${JSON.stringify(whole, null, 2)}\n`);
  renameSync(`${statusFile}.new`, statusFile);
  return whole;
}

/** The last outcome, if it was good and still stands. A bad one is tried again: somebody may have mended it. */
function readFinished() {
  if (!existsSync(statusFile) || !existsSync(join(outDir, 'rankscope.node'))) return null;
  try {
    const last = JSON.parse(readFileSync(statusFile, 'utf8'));
    const stands = last.ok === true && last.inputs === inputsKey && existsSync(join(last.mlxRoot, 'lib'));
    return stands ? last : null;
  } catch {
    return null; // cut short by a full disk or a kill: build again
  }
}

function hashInputs() {
  const hash = createHash('sha256');
  const add = (path) => {
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) add(join(path, name));
    } else {
      hash.update(path.slice(repository.length)).update('\0').update(readFileSync(path)).update('\0');
    }
  };
  const native = join(repository, 'native');
  for (const name of ['CMakeLists.txt', 'mlx-requirements.txt', 'bootstrap', 'addon', 'engine'])
    add(join(native, name));
  for (const name of readdirSync(join(native, 'recorder')).sort())
    if (name !== 'tests') add(join(native, 'recorder', name));
  add(join(native, 'package.json')); // versions of the headers
  return hash.update([process.platform, process.arch, process.env.MLX_ROOT, process.env.CXX].join('\0')).digest('hex');
}

/** One build at a time in this checkout; a lock whose holder is dead is taken over. */
async function lock() {
  mkdirSync(outDir, { recursive: true });
  const path = join(outDir, 'lock');
  const deadline = Date.now() + lockSeconds * 1000;
  let told = false;
  while (true) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isAlive(path) || Date.now() > deadline) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) say('another build of the native core runs; waiting for it …');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function isAlive(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    if (pid > 0) process.kill(pid, 0);
    return pid > 0;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
