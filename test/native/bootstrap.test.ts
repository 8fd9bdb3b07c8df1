import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { loadBinding } from '../../native/lib/index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const clone = mkdtempSync(join(tmpdir(), 'rankscope-clone-'));
afterAll(() => rmSync(clone, { recursive: true, force: true }));

// A second clone on the same machine: what the bootstrap reads, and the packages.
for (const path of ['native', 'apps/cli/bootstrap/native.mjs']) {
  cpSync(join(root, path), join(clone, path), { recursive: true, filter: (from) => !from.includes('/.mlx') });
}
symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));

/** A PATH on which only these programs are. */
function pathOf(...programs: string[]): string {
  const dir = mkdtempSync(join(clone, 'bin-'));
  for (const program of programs) {
    const found = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).stdout.trim();
    if (found) symlinkSync(found, join(dir, program));
  }
  return dir;
}

function bootstrap(env: Readonly<Record<string, string>> = {}, ...flags: string[]) {
  const started = performance.now();
  const script = join(clone, 'apps/cli/bootstrap/native.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, ...flags], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  const outcome = JSON.parse(readFileSync(join(clone, 'build/native/status.json'), 'utf8'));
  return { status, stderr, outcome, ms: performance.now() - started };
}

test('a second clone takes MLX and the addon from the cache, and a second run does nothing', () => {
  bootstrap(); // fills the cache, should these very sources never have been built on this machine
  for (const path of ['build', 'native/.mlx']) rmSync(join(clone, path), { recursive: true, force: true });
  const first = bootstrap();
  expect(first).toMatchObject({ status: 0, outcome: { ok: true, code: 'ok', mlx: '0.32.4', how: 'private copy' } });
  expect(first.stderr).not.toContain('compiling');
  expect(existsSync(join(clone, 'build/native/switchable/rankscope.node'))).toBe(true);
  const second = bootstrap();
  expect(second.stderr).toBe('');
  expect(second.ms).toBeLessThan(300);
});

test('an MLX that is too old is refused by version, and only --require makes that an exit code', () => {
  const old = join(clone, 'old');
  for (const file of ['include/mlx/version.h', 'share/cmake/MLX/MLXConfig.cmake']) {
    mkdirSync(dirname(join(old, file)), { recursive: true });
    writeFileSync(
      join(old, file),
      '#define MLX_VERSION_MAJOR 0\n#define MLX_VERSION_MINOR 32\n#define MLX_VERSION_PATCH 0\n',
    );
  }
  const refused = bootstrap({ MLX_ROOT: old });
  expect(refused).toMatchObject({
    status: 0,
    outcome: { ok: false, code: 'mlx_too_old', fix: 'Point MLX_ROOT at MLX 0.32.1 or newer.' },
  });
  expect(refused.outcome.reason).toContain('MLX 0.32.0');
  const required = bootstrap({ MLX_ROOT: old }, '--require');
  expect(required.status).toBe(1);
  expect(required.stderr).toContain('rankscope: Point MLX_ROOT at MLX 0.32.1 or newer.');
  // The recorder needs no MLX, and the engine says what it lacks.
  const { Engine, info } = requireAddon();
  expect(info()).toMatchObject({ mlxVersion: 'none' });
  expect(() => new Engine({})).toThrow('This native core was built without MLX');
  expect(() => loadBinding({ directory: join(clone, 'build/native') })).toThrow(
    /older than 0.32.1.* Point MLX_ROOT at/,
  );
});

test.each([
  ['no compiler', ['python3', 'cmake', 'make'], 'no_compiler', 'g++'],
  ['no CMake', ['python3', 'g++', 'make'], 'no_cmake', 'cmake'],
])('%s: the status says which one, and the command that mends it', (_, programs, code, named) => {
  rmSync(join(clone, 'build'), { recursive: true, force: true });
  const { status, outcome } = bootstrap({ PATH: pathOf('sh', 'apt-get', ...programs) });
  expect({ status, code: outcome.code }).toEqual({ status: 0, code });
  expect(outcome.fix).toContain(named);
});

test('no pip and no MLX: the status says so', () => {
  rmSync(join(clone, 'build'), { recursive: true, force: true });
  rmSync(join(clone, 'native/.mlx'), { recursive: true, force: true });
  const { outcome } = bootstrap({ PATH: pathOf('sh', 'apt-get'), RANKSCOPE_CACHE: join(clone, 'empty-cache') });
  expect(outcome).toMatchObject({ ok: false, code: 'no_python' });
});

function requireAddon() {
  const addon: { exports: { Engine: new (options: object) => object; info(): object } } = {
    exports: Object.create(null),
  };
  process.dlopen(addon, join(clone, 'build/native/rankscope.node'));
  return addon.exports;
}
