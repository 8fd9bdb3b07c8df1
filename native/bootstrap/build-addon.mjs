// Compiles the addon with CMake, or takes it from the cache where the same inputs were compiled before.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { install } from './find-mlx.mjs';
import { has, Unavailable } from './outcome.mjs';

const addons = ['rankscope.node', join('switchable', 'rankscope.node')];

/** Builds into `outDir`. `mlx` is what findMlx found, or null: then the recorder alone. Throws Unavailable. */
export async function buildAddon({ repository, outDir, cacheDir, inputsKey, mlx, say }) {
  const compiler = findCompiler();
  const facts = `${inputsKey}\0${compiler.version}\0${mlx?.version ?? 'no mlx'}\0${mlx?.root ?? ''}`;
  const key = createHash('sha256')
    .update(mlx?.how === 'private copy' ? facts.replace(mlx.root, '') : facts)
    .digest('hex');
  const cached = join(cacheDir, 'native', `addon-${key.slice(0, 16)}`);
  const wanted = mlx ? addons : addons.slice(0, 1);
  if (wanted.every((file) => existsSync(join(cached, file)))) {
    say('the native core is in the cache');
  } else {
    const built = await compile({ repository, buildDir: join(outDir, 'cmake'), mlx, say });
    mkdirSync(dirname(cached), { recursive: true });
    const fresh = mkdtempSync(`${cached}.`);
    for (const file of wanted) place(join(built, file), join(fresh, file));
    rmSync(cached, { recursive: true, force: true });
    renameSync(fresh, cached);
  }
  for (const file of wanted) place(join(cached, file), join(outDir, file));
}

/** By rename: a process that has the old file mapped goes on with the old file. */
function place(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}

function findCompiler() {
  const name = process.env.CXX ?? ['c++', 'g++', 'clang++'].find(has);
  const { status, stdout } = name ? spawnSync(name, ['--version'], { encoding: 'utf8' }) : { status: 1, stdout: '' };
  if (status !== 0) throw new Unavailable('no_compiler', 'There is no C++ compiler.', install('g++ cmake make'));
  if (!has('cmake'))
    throw new Unavailable('no_cmake', 'CMake is not here, and it builds the native core.', install('cmake'));
  if (!has('ninja') && !has('make'))
    throw new Unavailable('no_make', 'There is neither make nor ninja.', install('make'));
  return { name, version: stdout.split('\n')[0] };
}

async function compile({ repository, buildDir, mlx, say }) {
  const headers = ['node-addon-api', 'node-api-headers/include'].map((name) => join(repository, 'node_modules', name));
  for (const dir of headers) {
    if (!existsSync(dir))
      throw new Unavailable('no_headers', `${relative(repository, dir)} is missing.`, 'Run `npm install`.');
  }
  const built = join(buildDir, 'out');
  const options = {
    CMAKE_BUILD_TYPE: 'Release',
    MLX_ROOT: mlx?.root ?? '',
    OPENBLAS_LIBRARY: mlx?.openblas ?? '',
    NODE_API_INCLUDES: headers.join(';'),
    RANKSCOPE_OUTPUT: built,
    RANKSCOPE_RPATH: mlx ? libraryPaths(repository, mlx).join(';') : '',
  };
  say(
    mlx
      ? `compiling the native core against MLX ${mlx.version} (${mlx.how}; about half a minute) …`
      : 'compiling the recorder, without MLX …',
  );
  const log = [];
  const generator = has('ninja') ? ['-G', 'Ninja'] : [];
  const definitions = Object.entries(options).map(([name, value]) => `-D${name}=${value}`);
  // A cache of CMake's that knows another generator or another MLX is started anew.
  forgetOtherConfiguration(buildDir, JSON.stringify([generator, options]));
  await run('cmake', ['-S', join(repository, 'native'), '-B', buildDir, ...generator, ...definitions], log, () => {});
  await run('cmake', ['--build', buildDir, '-j2'], log, progressTeller(say));
  return built;
}

function forgetOtherConfiguration(buildDir, configuration) {
  const note = join(buildDir, 'rankscope-configuration.json');
  if (existsSync(note) && readFileSync(note, 'utf8') === configuration) return;
  rmSync(buildDir, { recursive: true, force: true });
  mkdirSync(buildDir, { recursive: true });
  writeFileSync(note, configuration);
}

/** Where the addon looks for MLX: relative to itself for the private copy, so that a moved checkout still works. */
function libraryPaths(repository, mlx) {
  const libraries = [join(mlx.root, 'lib'), ...(mlx.openblas ? [dirname(mlx.openblas)] : [])];
  if (mlx.how !== 'private copy') return libraries;
  const origin = process.platform === 'darwin' ? '@loader_path' : '$ORIGIN';
  const homes = ['build/native', 'build/native/switchable'];
  return homes.flatMap((home) => libraries.map((library) => `${origin}/${relative(join(repository, home), library)}`));
}

/** A line at every fifth of the way: ninja counts [3/41], make says [ 7%]. */
function progressTeller(say) {
  let told = 0;
  return (line) => {
    const steps = /^\[(\d+)\/(\d+)\]/.exec(line);
    const percent = steps ? (100 * Number(steps[1])) / Number(steps[2]) : Number(/^\[ *(\d+)%\]/.exec(line)?.[1] ?? 0);
    if (percent < told + 20) return;
    told = Math.floor(percent / 20) * 20;
    say(`compiling … ${told} %`);
  };
}

async function run(program, args, log, onLine) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const read = async (stream) => {
    for await (const line of createInterface({ input: stream })) {
      log.push(line);
      onLine(line);
    }
  };
  const exit = new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('close', resolve);
  });
  await Promise.all([read(child.stdout), read(child.stderr)]);
  if ((await exit) === 0) return;
  const first = log.find((line) => /error/i.test(line)) ?? log.at(-1) ?? '';
  for (const line of log.slice(-30)) console.error(line);
  throw new Unavailable(
    'compile_failed',
    `The native core does not compile: ${first.trim()}`,
    'Read the compiler above; `rm -r build/native` starts afresh.',
  );
}
