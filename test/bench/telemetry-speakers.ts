import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  defaultDeliveryLimits,
  defaultSpanRules,
  loadOtlpSender,
  openRecorderExport,
  parseOtlpSettings,
} from '@rankscope/telemetry';
import type { Figure } from './report.ts';

const speaker = fileURLToPath(new URL('telemetry-speaker.ts', import.meta.url));
const repeats = 7;
/** More than the SDK's own pause between two exports. */
const hungMs = 7_000;

export interface BenchSink {
  readonly url: string;
  /** Names of all spans so far. */
  received(): Promise<readonly string[]>;
}

/** A rank that speaks for itself beside one that only writes slots: what a phase costs, and what is left of a hang. */
export async function compareSpeakers(sink: BenchSink): Promise<{ figures: Figure[]; remarks: string[] }> {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-speakers-'));
  const micros: Record<'sdk' | 'ring', number[]> = { sdk: [], ring: [] };
  for (let i = 0; i < repeats; i += 1) {
    for (const how of ['sdk', 'ring'] as const) {
      const child = fork(speaker, [how, sink.url, join(dir, `${how}-${i}.ring`), 'time']);
      micros[how].push(Number(await said(child)));
      child.kill('SIGKILL');
    }
  }
  const bySdk = await hangWithSdk(sink);
  const byRing = await hangWithRing(sink, join(dir, 'hang.ring'));
  rmSync(dir, { recursive: true, force: true });
  const ratio = micros.ring.map((ring, i) => ring / (micros.sdk[i] ?? Number.NaN));
  return {
    figures: [
      {
        name: 'µs of CPU a phase in the rank: two slots',
        unit: 'µs',
        samples: micros.ring,
        goal: 10,
        better: 'lower',
      },
      {
        name: 'µs of CPU a phase in the rank: OpenTelemetry SDK',
        unit: 'µs',
        samples: micros.sdk,
        goal: 100,
        better: 'lower',
      },
      { name: 'slots ÷ SDK', unit: '×', samples: ratio, goal: 1, better: 'lower' },
    ],
    remarks: [
      `of 4 finished phases and one that hangs, ${hungMs / 1000} s into the hang and a SIGKILL later:`,
      `  the rank's own SDK had sent ${bySdk.join(', ') || 'nothing'}`,
      `  the process beside it had sent ${byRing.join(', ')}`,
    ],
  };
}

async function hangWithSdk(sink: BenchSink): Promise<readonly string[]> {
  const before = (await sink.received()).length;
  const child = fork(speaker, ['sdk', sink.url, '', 'hang']);
  await said(child);
  await pause(hungMs);
  child.kill('SIGKILL');
  await pause(1_000);
  return (await sink.received()).slice(before);
}

async function hangWithRing(sink: BenchSink, ringPath: string): Promise<readonly string[]> {
  const before = (await sink.received()).length;
  const child = fork(speaker, ['ring', '', ringPath, 'hang']);
  await said(child);
  const { settings } = parseOtlpSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: sink.url });
  if (settings === null) throw new Error('an endpoint is set');
  const nothing = () => undefined;
  const sender = await loadOtlpSender({
    settings,
    limits: defaultDeliveryLimits,
    onTrouble: nothing,
    onPartial: nothing,
  });
  const recorder = openRecorderExport({
    ringPath,
    supervisorPath: null,
    position: null,
    wallMinusMonoNs: null,
    hasPlane: false,
    rules: defaultSpanRules,
  });
  const resource = sender.resource({});
  const look = (gone: boolean) => {
    for (const span of recorder.look({ nowNs: process.hrtime.bigint(), gone })?.spans ?? [])
      sender.pushSpan(span, resource);
  };
  for (const until = performance.now() + hungMs; performance.now() < until; await pause(200)) look(false);
  child.kill('SIGKILL');
  await new Promise((done) => child.once('exit', done));
  look(true);
  await sender.flush(5_000);
  return (await sink.received()).slice(before);
}

function said(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code, signal) => reject(new Error(`a speaker ended with ${signal ?? code}`)));
  });
}
