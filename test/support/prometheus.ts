import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { getJson } from './plane-requests.ts';

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since the epoch, and the value as text. */
  readonly value: readonly [number, string];
}

export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string;
}

export interface StartedPrometheus {
  readonly url: string;
  /** What a question comes to now. Throws with Prometheus' own words when it is none. */
  query(expr: string): Promise<readonly Series[]>;
  /** Values of a label among the series that match. */
  labelValues(label: string, match: string): Promise<readonly string[]>;
  labelNames(): Promise<readonly string[]>;
  /** Trace ids of the exemplars of the last ten minutes. */
  traceIds(expr: string): Promise<readonly string[]>;
  alerts(name: string): Promise<readonly FiringAlert[]>;
  targets(): Promise<readonly { readonly scrapeUrl: string; readonly health: string; readonly lastError: string }[]>;
  stop(): Promise<void>;
}

export const prometheusFiles = resolve(import.meta.dirname, '../../grafana/prometheus');
const readyWithinMs = 15_000;
const stopWithinMs = 5_000;

/** Null when there is Prometheus and its checker, else why a test cannot use them. */
export function whyNoPrometheus(): string | null {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'there is no prometheus and promtool on PATH (Debian: apt-get install prometheus)';
  }
}

/** Starts a real Prometheus with our own files; only the plane's address and the times are the test's. */
export async function startPrometheus(planeUrl: string): Promise<StartedPrometheus> {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-prometheus-'));
  writeFileSync(
    join(dir, 'prometheus.yaml'),
    hurried(readFileSync(join(prometheusFiles, 'prometheus.yaml'), 'utf8'), planeUrl),
  );
  copyFileSync(join(prometheusFiles, 'rules.yaml'), join(dir, 'rules.yaml'));
  const args = [
    `--config.file=${join(dir, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    '--web.listen-address=127.0.0.1:0',
    '--enable-feature=exemplar-storage',
  ];
  const child = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async () => {
    await end(child);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    return { ...questionsTo(await untilReady(child)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface ScrapeFile {
  global: object;
  scrape_configs: { http_sd_configs: { url: string; refresh_interval: string }[] }[];
}

function hurried(text: string, planeUrl: string): string {
  const file: ScrapeFile = parse(text);
  file.global = { scrape_interval: '1s', evaluation_interval: '1s' };
  for (const { http_sd_configs: discoveries } of file.scrape_configs) {
    for (const discovery of discoveries)
      Object.assign(discovery, {
        url: discovery.url.replace('http://127.0.0.1:52500', planeUrl),
        refresh_interval: '1s',
      });
  }
  return stringify(file);
}

function questionsTo(url: string): Omit<StartedPrometheus, 'stop'> {
  const ask = async <T>(path: string, query: Record<string, string> = {}): Promise<T> =>
    (await getJson<{ data: T }>(`${url}/api/v1/${path}?${new URLSearchParams(query)}`)).data;
  return {
    url,
    query: async (expr) => (await ask<{ result: Series[] }>('query', { query: expr })).result,
    labelValues: (label, match) => ask(`label/${label}/values`, { 'match[]': match }),
    labelNames: () => ask('labels'),
    async traceIds(expr) {
      const nowSeconds = Date.now() / 1000;
      const range = { start: String(nowSeconds - 600), end: String(nowSeconds) };
      const found = await ask<{ exemplars: { labels: { trace_id?: string } }[] }[]>('query_exemplars', {
        query: expr,
        ...range,
      });
      return found.flatMap(({ exemplars }) => exemplars.flatMap(({ labels }) => labels.trace_id ?? []));
    },
    async alerts(name) {
      const { alerts } = await ask<{ alerts: FiringAlert[] }>('alerts');
      return alerts.filter(({ labels, state }) => labels.alertname === name && state === 'firing');
    },
    async targets() {
      const { activeTargets } = await ask<{
        activeTargets: { scrapeUrl: string; health: string; lastError: string }[];
      }>('targets');
      return activeTargets;
    },
  };
}

/** It is told port 0 and says in its log which one it got. */
function untilReady(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let log = '';
    const give = (why: string) => fail(new Error(`Prometheus is not ready: ${why}\n${log}`));
    const timer = setTimeout(() => give(`nothing for ${readyWithinMs} ms`), readyWithinMs);
    child.once('error', (error) => give(error.message));
    child.once('exit', (code) => give(`it ended with ${code}`));
    child.stderr?.on('data', (bytes: Buffer) => {
      log = (log + bytes.toString()).slice(-64 * 1024);
      const address = /msg="Listening on" address=(\S+)/.exec(log)?.[1];
      if (address === undefined || !log.includes('Server is ready')) return;
      clearTimeout(timer);
      done(`http://${address}`);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
  await exited;
  clearTimeout(timer);
}
