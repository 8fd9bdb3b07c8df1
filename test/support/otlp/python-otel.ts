import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The stock SDK, as anybody would install it. */
const pinned = ['opentelemetry-sdk==1.45.2', 'opentelemetry-exporter-otlp-proto-http==1.45.2'];
const installWithinMs = 240_000;

export type PythonOtel =
  | { readonly kind: 'ready'; readonly path: string }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Python's OpenTelemetry SDK under `build/`, fetched by pip the first time. Into a directory of its own and not a venv:
 * Debian's Python makes none without another package.
 */
export async function ensurePythonOtel(): Promise<PythonOtel> {
  const name = `otel-python-${pinned[0]?.split('==')[1]}`;
  const path = fileURLToPath(new URL(`../../../build/${name}`, import.meta.url));
  if (canImport(path)) return { kind: 'ready', path };
  console.log(`installing ${pinned.join(' ')} into build/${name} …`);
  const fresh = `${path}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  const failed = await run('python3', ['-m', 'pip', 'install', '-q', '--no-input', '--target', fresh, ...pinned]);
  if (failed === null && canImport(fresh)) {
    rmSync(path, { recursive: true, force: true });
    renameSync(fresh, path);
    return { kind: 'ready', path };
  }
  rmSync(fresh, { recursive: true, force: true });
  return { kind: 'refused', reason: `Python's OpenTelemetry SDK cannot be had: ${failed ?? 'it cannot be imported'}` };
}

function canImport(path: string): boolean {
  const modules = 'import opentelemetry.sdk.trace, opentelemetry.exporter.otlp.proto.http.trace_exporter';
  const options = { stdio: 'ignore', env: { ...process.env, PYTHONPATH: path }, timeout: 60_000 } as const;
  return spawnSync('python3', ['-c', modules], options).status === 0;
}

/** Null when it went well, else the last it said. */
function run(program: string, args: readonly string[]): Promise<string | null> {
  return new Promise((done) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), installWithinMs);
    child.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-2_000)));
    child.once('error', (error) => (said = error.message));
    child.once('close', (code) => {
      clearTimeout(timer);
      done(code === 0 ? null : said.trim().split('\n').at(-1) || `it took longer than ${installWithinMs / 1000} s`);
    });
  });
}
