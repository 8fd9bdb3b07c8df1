import { existsSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { readBootId } from '@rankscope/daemon';
import { openRingReader, type RingHeader } from '@rankscope/flight-recorder';
import {
  defaultDeliveryLimits,
  defaultSpanRules,
  hostArchOf,
  isWriterAlive,
  loadOtlpSender,
  type OtlpSender,
  type OtlpSettings,
  openRecorderExport,
  parseOtlpSettings,
  type RecorderExport,
  rankResource,
} from '@rankscope/telemetry';
import { command } from '../command.ts';
import type { Config } from '../config.ts';
import { interruptible } from '../interruptible.ts';
import type { Terminal } from '../terminal.ts';
import { CommandError, exitCodes, UsageError } from '../usage-error.ts';

/** As often as a plane looks. */
const lookEveryMs = 200;

export const exportRing = command({
  name: 'export',
  usage: 'RING [--endpoint URL] [--follow]',
  summary: 'send what a runner without a plane has recorded to an OTLP receiver',
  details: [
    'RING            a recorder file, while its runner runs, hangs, or is dead',
    '--endpoint URL  where OTLP over HTTP is taken, http://127.0.0.1:4318; otherwise OTEL_EXPORTER_OTLP_ENDPOINT and',
    '                the other standard variables say so',
    '--follow        go on until the runner has ended, or Ctrl-C',
    'Span ids are computed: exported again it is the same spans again, and a back end shows both.',
  ],
  flags: { endpoint: 'text', follow: 'boolean' },
  async run({ config, terminal, words, flags }) {
    const path = ringOf(words);
    const settings = settingsOf(config, flags.endpoint);
    const ring = openRing(path);
    const sent = await openSender(settings, terminal, flags.follow === true);
    try {
      const follow = (signal: AbortSignal | null) => exportAll({ ...ring, ...sent, signal });
      if (flags.follow) await interruptible(follow);
      else await follow(null);
      return report(sent, ring, settings, terminal);
    } finally {
      sent.sender.close();
      ring.recorder.close();
    }
  },
});

function ringOf([path, ...more]: readonly string[]): string {
  if (path === undefined || more.length > 0)
    throw new UsageError('export takes one recorder: rankscope export <data>/runners/ID.ring');
  if (path.endsWith('.supervisor.ring'))
    throw new UsageError(`${path} is what a supervisor wrote: name the rank's own, ${path.replace('.supervisor', '')}`);
  return path;
}

/** A person who names an endpoint means it for every signal. */
function settingsOf({ otlpEnv }: Config, endpoint: string | undefined): OtlpSettings {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: logs, ...others } = otlpEnv;
  const env = endpoint === undefined ? otlpEnv : { ...others, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  const { settings, faults } = parseOtlpSettings(env);
  const [fault] = faults;
  if (fault !== undefined)
    throw new UsageError(fault.replace(/^OTEL_EXPORTER_OTLP_ENDPOINT =/, endpoint === undefined ? '$&' : '--endpoint'));
  if (settings === null)
    throw new UsageError(
      'where to? name a receiver with --endpoint http://127.0.0.1:4318, or set OTEL_EXPORTER_OTLP_ENDPOINT',
    );
  return settings;
}

interface OpenedRing {
  readonly recorder: RecorderExport;
  readonly header: RingHeader;
  readonly path: string;
}

function openRing(given: string): OpenedRing {
  try {
    const path = realpathSync(given);
    const reader = openRingReader(path);
    reader.close();
    const supervisorPath = path.replace(/\.ring$/, '.supervisor.ring');
    const recorder = openRecorderExport({
      ringPath: path,
      supervisorPath: supervisorPath !== path && existsSync(supervisorPath) ? supervisorPath : null,
      position: null,
      wallMinusMonoNs: null,
      hasPlane: false,
      rules: defaultSpanRules,
    });
    return { recorder, header: reader.header, path };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`${given} cannot be exported: ${reason}`);
  }
}

interface Sent {
  readonly sender: OtlpSender;
  /** Why the receiver took nothing, when it is to be given up for that. */
  readonly givenUp: AbortSignal;
}

async function openSender(settings: OtlpSettings, terminal: Terminal, patient: boolean): Promise<Sent> {
  const givenUp = new AbortController();
  const sender = await loadOtlpSender({
    settings,
    limits: defaultDeliveryLimits,
    onTrouble(signal, reason) {
      if (reason === null) terminal.tell(`rankscope: ${signal} are taken again`);
      else if (patient || signal === 'logs') terminal.tell(`rankscope: ${reason}`);
      else givenUp.abort(reason);
    },
    onPartial: (answer) => terminal.tell(`rankscope: the receiver left out a part: ${answer}`),
  });
  return { sender, givenUp: givenUp.signal };
}

/** Once through what there is, or until the runner has ended where there is a signal that stops it. */
async function exportAll({
  recorder,
  header,
  path,
  sender,
  givenUp,
  signal,
}: OpenedRing & Sent & { signal: AbortSignal | null }) {
  const bootId = readBootId();
  const around = { hostName: hostname(), hostArch: hostArchOf(process.arch), more: {} };
  const resource = sender.resource(rankResource(header, header.pid, around));
  for (let done = false; !done && !givenUp.aborted; ) {
    const gone = !isWriterAlive(header, path, bootId);
    const news = recorder.look({ nowNs: gone ? null : process.hrtime.bigint(), gone });
    if (news === null) return;
    for (const span of news.spans) sender.pushSpan(span, resource);
    for (const log of news.logs) sender.pushLog(log, resource);
    // All of a piece before the next is read: nothing here is worth more than what there is to send.
    await settled(sender, givenUp, signal);
    done = news.done || (!news.more && (signal === null || signal.aborted));
    if (!done && !news.more)
      await pause(lookEveryMs, undefined, signal === null ? {} : { signal }).catch(() => undefined);
  }
}

/** One try of the exporter, which itself asks again and again within its timeout. */
const flushMs = 15_000;
/** Somebody who says Ctrl-C waits for what is on its way and no longer. */
const lastFlushMs = 1_000;

async function settled(sender: OtlpSender, givenUp: AbortSignal, signal: AbortSignal | null): Promise<void> {
  const stopped = new Promise<void>((resolve) => givenUp.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([sender.flush(signal?.aborted ? lastFlushMs : flushMs), stopped]);
}

function report({ sender, givenUp }: Sent, { header }: OpenedRing, settings: OtlpSettings, terminal: Terminal): number {
  const { traces, logs } = sender.facts();
  if (givenUp.aborted) throw new CommandError(String(givenUp.reason));
  const who = `rank ${header.rank} of ${header.worldSize}, instance ${header.instanceId}, attempt ${header.attempt}`;
  const what = [traces && `${traces.exported} spans`, logs && `${logs.exported} log records`]
    .filter(Boolean)
    .join(' and ');
  terminal.print(`${what} of ${who} sent to ${(settings.traces ?? settings.logs)?.url}`);
  const lost = [traces, logs].map((facts) => (facts ? facts.dropped + facts.failed + facts.queued : 0));
  const [spans = 0, records = 0] = lost;
  if (spans + records > 0) terminal.tell(`rankscope: ${spans} spans and ${records} log records were not taken`);
  return spans > 0 ? exitCodes.failed : exitCodes.fine;
}
