// Where MLX is: MLX_ROOT, the private copy, Homebrew, the system, else PyPI. Decides nothing about building.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { has, Unavailable } from './outcome.mjs';

/** Older ones do not say that a peer was lost. */
export const oldestMlx = [0, 32, 1];

// A wheel of 10 MB; a mirror that is slower than this is not there.
const pipSeconds = '20';

/**
 * Finds MLX, fetching it where it is nowhere. Returns { root, version, how, openblas }; throws Unavailable.
 * `say` is told what takes time.
 */
export function findMlx({ repository, cacheDir, environment, say }) {
  if (environment.MLX_ROOT)
    return requireMlx(environment.MLX_ROOT, 'MLX_ROOT', 'Point MLX_ROOT at MLX 0.32.1 or newer.');
  const privateRoot = join(repository, 'native', '.mlx', 'mlx');
  for (const [root, how] of [
    [privateRoot, 'private copy'],
    ['/opt/homebrew/opt/mlx', 'Homebrew'],
    ['/usr/local', 'system'],
    ['/usr', 'system'],
  ]) {
    const found = readMlx(root, how);
    if (found && isNewEnough(found.version)) return found;
  }
  fetchMlx({ repository, cacheDir, say });
  return requireMlx(privateRoot, 'private copy', 'Remove native/.mlx and run this again.');
}

function requireMlx(root, how, fix) {
  const found = readMlx(root, how);
  if (!found) throw new Unavailable('mlx_not_found', `There is no MLX in ${root} (${how}).`, fix);
  if (!isNewEnough(found.version)) {
    const reason = `MLX ${found.version} in ${root} (${how}) is older than ${oldestMlx.join('.')} and does not say when a peer is lost.`;
    throw new Unavailable('mlx_too_old', reason, fix);
  }
  return found;
}

function readMlx(root, how) {
  const header = join(root, 'include', 'mlx', 'version.h');
  if (!existsSync(header) || !existsSync(join(root, 'share', 'cmake', 'MLX', 'MLXConfig.cmake'))) return null;
  const text = readFileSync(header, 'utf8');
  const part = (name) => Number(new RegExp(`MLX_VERSION_${name} (\\d+)`).exec(text)?.[1] ?? 0);
  const openblas = join(dirname(root), 'scipy_openblas32', 'lib', 'libscipy_openblas.so');
  return {
    root,
    how,
    version: [part('MAJOR'), part('MINOR'), part('PATCH')].join('.'),
    openblas: existsSync(openblas) ? openblas : null,
  };
}

function isNewEnough(version) {
  const parts = version.split('.').map(Number);
  for (const [i, oldest] of oldestMlx.entries()) if (parts[i] !== oldest) return parts[i] > oldest;
  return true;
}

/** Unpacks the wheels into the cache, once a machine, and copies them from there. */
function fetchMlx({ repository, cacheDir, say }) {
  const requirements = join(repository, 'native', 'mlx-requirements.txt');
  const key = createHash('sha256')
    .update(readFileSync(requirements))
    .update(process.platform + process.arch)
    .digest('hex');
  const cached = join(cacheDir, 'native', `mlx-${key.slice(0, 16)}`);
  if (!existsSync(cached)) {
    say('fetching MLX 0.32.4 and OpenBLAS from PyPI (18 MB, once a machine) …');
    mkdirSync(dirname(cached), { recursive: true });
    const fresh = mkdtempSync(`${cached}.`);
    try {
      pipInstall(requirements, fresh);
      rmSync(cached, { recursive: true, force: true });
      renameSync(fresh, cached);
    } finally {
      rmSync(fresh, { recursive: true, force: true });
    }
  }
  const target = join(repository, 'native', '.mlx');
  rmSync(target, { recursive: true, force: true });
  cpSync(cached, target, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

function pipInstall(requirements, target) {
  if (!has('python3'))
    throw new Unavailable('no_python', 'python3 is not here, and its pip fetches MLX.', install('python3 python3-pip'));
  if (spawnSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' }).status !== 0) {
    throw new Unavailable('no_pip', 'python3 has no pip, which fetches MLX.', install('python3-pip'));
  }
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  args.push('--require-hashes', '--retries', '1', '--timeout', pipSeconds, '--root-user-action=ignore');
  const { status, stderr } = spawnSync('python3', [...args, '-r', requirements, '--target', target], {
    encoding: 'utf8',
  });
  if (status === 0) return;
  const last =
    stderr
      .trim()
      .split('\n')
      .findLast((line) => line.startsWith('ERROR')) ?? stderr.trim().slice(-300);
  const fix =
    'Check that the package index of pip can be reached, or set MLX_ROOT to an MLX that is here; then run `npm run native`.';
  throw new Unavailable('mlx_unreachable', `pip could not fetch MLX: ${last}`, fix);
}

export function install(packages) {
  if (process.platform === 'darwin') return 'Run `xcode-select --install` and `brew install cmake python`.';
  if (has('apt-get')) return `Run \`sudo apt-get install -y ${packages}\`.`;
  return `Install ${packages} with this system's package manager.`;
}
