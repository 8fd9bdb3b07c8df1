import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { claimPorts } from '../../apps/cli/bootstrap/stack/claim-ports.ts';
import { findBuiltPart } from '../../apps/cli/bootstrap/stack/ensure-part.ts';
import { findPrometheus } from '../../apps/cli/bootstrap/stack/find-prometheus.ts';
import type { PartOutcome } from '../../apps/cli/bootstrap/stack/part-outcome.ts';
import { collectorPorts, planCollector } from '../../apps/cli/bootstrap/stack/plan-collector.ts';
import { jaegerPorts, planJaeger } from '../../apps/cli/bootstrap/stack/plan-jaeger.ts';
import { planPrometheus } from '../../apps/cli/bootstrap/stack/plan-prometheus.ts';
import type { PartName } from '../../apps/cli/bootstrap/stack/plan-stack.ts';
import { collectorRecipe, jaegerRecipe } from '../../apps/cli/bootstrap/stack/recipe.ts';
import { type PartPlan, type RunningPart, startPart } from '../../apps/cli/bootstrap/stack/start-part.ts';

const env = process.env;
const cacheDir = env.RANKSCOPE_CACHE || join(homedir(), '.cache', 'rankscope');

/** The programs of the stack on this machine; nothing is built here. */
export const stackPrograms: Readonly<Record<PartName, PartOutcome>> = {
  collector: findBuiltPart(collectorRecipe, cacheDir),
  jaeger: findBuiltPart(jaegerRecipe, cacheDir),
  prometheus: findPrometheus(env),
};

/** A test of the stack; skipped, with the reason in its name, where a program that it needs is not here. */
export function testWith(needs: readonly PartName[], name: string, run: () => Promise<void>, timeoutMs?: number): void {
  const reasons = needs.flatMap((part) => {
    const found = stackPrograms[part];
    return found.kind === 'absent' ? [`no ${part}: ${found.reason}. ${found.fix}`] : [];
  });
  if (reasons.length === 0) test(name, run, timeoutMs);
  else test.skip(`${name} (${reasons.join('; ')})`, () => undefined);
}

const noPorts = <Name extends string>(wishes: Readonly<Record<Name, number>>) => {
  const zeros = { ...wishes } as Record<Name, number>;
  for (const name in zeros) zeros[name] = 0;
  return zeros;
};

/** A program of the stack that a test may kill and start again at the same addresses. */
export interface TestPart {
  /** What it wrote since it was last started. */
  log(): string;
  readonly pid: () => number;
  /** Waits until it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** On the same ports, with the same files; the one before must have ended. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

async function startTestPart(plan: PartPlan): Promise<TestPart> {
  let part: RunningPart = await startPart(plan);
  return {
    log: () => part.log(),
    pid: () => part.pid,
    async kill(signal) {
      part.kill(signal);
      await part.ended;
    },
    async start() {
      part = await startPart(plan);
    },
    stop: () => part.stop(),
  };
}

function programOf(name: PartName): string {
  const found = stackPrograms[name];
  if (found.kind === 'absent') throw new Error(`no ${name}: ${found.reason}. ${found.fix}`);
  return found.path;
}

export interface TestJaeger extends TestPart {
  /** Its JSON API. */
  readonly url: string;
  /** OTLP over HTTP. */
  readonly otlpUrl: string;
  readonly otlpGrpcPort: number;
}

export async function startJaeger(): Promise<TestJaeger> {
  const { ports } = await claimPorts(noPorts(jaegerPorts));
  const part = await startTestPart(planJaeger({ program: programOf('jaeger'), ports, env }));
  return {
    ...part,
    url: `http://127.0.0.1:${ports.jaegerUi}`,
    otlpUrl: `http://127.0.0.1:${ports.jaegerOtlpHttp}`,
    otlpGrpcPort: ports.jaegerOtlpGrpc,
  };
}

export interface TestCollector extends TestPart {
  /** OTLP over HTTP: what OTEL_EXPORTER_OTLP_ENDPOINT is set to. */
  readonly otlpUrl: string;
  readonly metricsUrl: string;
  readonly queueDir: string;
}

/** A Collector with the committed configuration, its queue in a directory that `stop` removes. */
export async function startCollector(to: {
  readonly planeUrl: string;
  readonly jaegerPort: number | null;
}): Promise<TestCollector> {
  const { ports } = await claimPorts(noPorts(collectorPorts));
  const queueDir = mkdtempSync(join(tmpdir(), 'rankscope-collector-'));
  const part = await startTestPart(planCollector({ program: programOf('collector'), ports, queueDir, env, ...to }));
  return {
    ...part,
    otlpUrl: `http://127.0.0.1:${ports.collectorOtlpHttp}`,
    metricsUrl: `http://127.0.0.1:${ports.collectorMetrics}/metrics`,
    queueDir,
    async stop() {
      await part.stop();
      rmSync(queueDir, { recursive: true, force: true });
    },
  };
}

export interface TestPrometheus extends TestPart {
  readonly url: string;
}

/** A Prometheus with a configuration as text, in a directory that `stop` removes. */
export async function startPrometheus(config: string): Promise<TestPrometheus> {
  const { ports } = await claimPorts(noPorts({ prometheus: 0 }));
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-prometheus-'));
  const configPath = join(dir, 'prometheus.yaml');
  writeFileSync(configPath, config);
  const program = programOf('prometheus');
  const part = await startTestPart(planPrometheus({ program, ports, configPath, dataDir: join(dir, 'data'), env }));
  return {
    ...part,
    url: `http://127.0.0.1:${ports.prometheus}`,
    async stop() {
      await part.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
