import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface StartedJaeger {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const readyWithinMs = 20_000;
const stopWithinMs = 5_000;

/** A Jaeger that was named, or one that was built into the cache; null when there is none on this machine. */
export function findJaeger(): string | null {
  const named = process.env.RANKSCOPE_BENCH_JAEGER;
  if (named) return named;
  const home = join(process.env.RANKSCOPE_CACHE || join(homedir(), '.cache', 'rankscope'), 'go');
  const built = existsSync(home) ? readdirSync(home).filter((name) => name.startsWith('jaeger-')) : [];
  return built.map((name) => join(home, name, 'jaeger')).find((path) => existsSync(path)) ?? null;
}

/** One Jaeger with everything in memory, on free ports of this machine. */
export async function startJaeger(program: string): Promise<StartedJaeger> {
  const [otlp = 0, query = 0, queryGrpc = 0] = await freePorts(3);
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-jaeger-'));
  const config = join(dir, 'jaeger.yaml');
  writeFileSync(config, configOf({ otlp, query, queryGrpc }));
  const child = spawn(program, ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-4_000)));
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const stop = async () => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
    await ended;
    clearTimeout(late);
    rmSync(dir, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${otlp}`;
  for (const until = Date.now() + readyWithinMs; Date.now() < until && child.exitCode === null; await wait(50)) {
    const answer = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    }).catch(() => null);
    if (answer?.ok) return { url, pid: child.pid ?? 0, stop };
  }
  await stop();
  throw new Error(`Jaeger did not get ready: ${said}`);
}

/** As lean as it gets: no metrics of its own, no traces of its own, no index but the memory store's. */
function configOf({ otlp, query, queryGrpc }: { otlp: number; query: number; queryGrpc: number }): string {
  return `
service:
  extensions: [jaeger_storage, jaeger_query]
  telemetry: { metrics: { level: none }, logs: { level: error } }
  pipelines:
    traces: { receivers: [otlp], processors: [batch], exporters: [jaeger_storage_exporter] }
extensions:
  jaeger_query:
    enable_tracing: false
    storage: { traces: memory }
    http: { endpoint: "127.0.0.1:${query}" }
    grpc: { endpoint: "127.0.0.1:${queryGrpc}" }
  jaeger_storage: { backends: { memory: { memory: { max_traces: 100000 } } } }
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${otlp}" } } }
processors:
  batch: { timeout: 100ms }
exporters:
  jaeger_storage_exporter: { trace_storage: memory }
`;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((done) => server.close(done));
      return address !== null && typeof address === 'object' ? address.port : 0;
    }),
  );
}
