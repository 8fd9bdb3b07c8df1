import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Binding, EngineOptions } from './binding.ts';
import { createEngineClass } from './engine.ts';
import { NativeUnavailableError } from './errors.ts';

export type * from './binding.ts';
export * from './errors.ts';
export { createNativeFlightWriter } from './native-flight-writer.ts';
export type { NativeStatus };

/** What `apps/cli/bootstrap/native.mjs` left of its last run. */
interface NativeStatus {
  readonly ok: boolean;
  readonly code: string;
  readonly reason: string;
  readonly fix: string;
  readonly mlx: string | null;
  readonly how: string | null;
}

export interface LoadBindingOptions {
  /** Where rankscope.node and status.json are. */
  readonly directory: string;
}

const buildDirectory = fileURLToPath(new URL('../../build/native/', import.meta.url));
const bootstrap = 'Run `npm run native`.';

/**
 * Loads the addon. Throws NativeUnavailableError with the reason and its remedy: planes, CLI and web live without it, so
 * whoever needs it says so by calling this.
 */
export function loadBinding(options: LoadBindingOptions = { directory: buildDirectory }): Binding {
  const status = readStatus(options.directory);
  if (status !== null && !status.ok) throw new NativeUnavailableError(status);
  const binding = requireAddon(options.directory);
  const { mlxVersion, mlxCompiled } = binding.info();
  if (mlxVersion !== mlxCompiled) {
    throw new NativeUnavailableError({
      code: 'mlx_version_differs',
      reason: `The addon was compiled for MLX ${mlxCompiled} and found ${mlxVersion} when it was loaded.`,
      fix: bootstrap,
    });
  }
  const Engine = createEngineClass((given: EngineOptions) => new binding.Engine(given));
  return {
    info: () => binding.info(),
    memory: () => binding.memory(),
    openRecorder: (given) => binding.openRecorder(given),
    Engine,
  };
}

/** Why the native core is or is not there, as the last build left it; null when it was never built. */
export function readStatus(directory: string = buildDirectory): NativeStatus | null {
  try {
    return parseStatus(JSON.parse(readFileSync(`${directory}/status.json`, 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    return {
      ok: false,
      code: 'status_unreadable',
      reason: `${directory}/status.json: ${String(error)}.`,
      fix: bootstrap,
      mlx: null,
      how: null,
    };
  }
}

function parseStatus(value: unknown): NativeStatus {
  if (typeof value !== 'object' || value === null) throw new Error('status.json must hold an object');
  const fields = new Map<string, unknown>(Object.entries(value));
  const text = (name: string) => {
    const field = fields.get(name);
    return typeof field === 'string' ? field : '';
  };
  return {
    ok: fields.get('ok') === true,
    code: text('code'),
    reason: text('reason'),
    fix: text('fix'),
    mlx: text('mlx') || null,
    how: text('how') || null,
  };
}

function requireAddon(directory: string): Binding {
  const path = `${directory}/rankscope.node`;
  try {
    const addon: Binding = createRequire(import.meta.url)(path);
    return addon;
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'MODULE_NOT_FOUND';
    throw new NativeUnavailableError(
      {
        code: missing ? 'not_built' : 'not_loadable',
        reason: missing ? 'It has not been built.' : `${path} cannot be loaded: ${String(cause)}.`,
        fix: bootstrap,
      },
      { cause },
    );
  }
}
