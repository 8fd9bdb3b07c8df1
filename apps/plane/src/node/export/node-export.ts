import { join } from 'node:path';
import type { Clock, Log } from '@rankscope/daemon';
import {
  rankAttributes,
  resourceNames,
  serviceIdNamespace,
  serviceNames,
  spanAttributes,
  spanNames,
  spanStates,
} from '@rankscope/schema';
import {
  type DeliveryLimits,
  defaultDeliveryLimits,
  defaultSpanRules,
  hostArchOf,
  loadOtlpSender,
  momentNs,
  type OtlpSender,
  type OtlpSettings,
  type SignalFacts,
  type SpanEvidence,
  type SpanRules,
  spanIdOf,
  traceIdOfCommand,
} from '@rankscope/telemetry';
import { v5 as uuidOf } from 'uuid';
import { type AcceptedCommand, openCommandLog } from './command-log.ts';
import { openExportedRecorders, type RecorderCounts, type RecorderSource } from './exported-recorders.ts';
import { openPositionFiles } from './position-files.ts';

export interface NodeExportOptions {
  /** Null: nothing is exported, and nothing is loaded that could. */
  readonly settings: OtlpSettings | null;
  /** Ours alone; made when it is needed. */
  readonly exportDir: string;
  readonly runnersDir: string;
  readonly nodeId: string;
  readonly bootId: string;
  readonly hostName: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** The recorders of this plane's ranks, ended ones too. */
  readonly recorders: () => readonly RecorderSource[];
  readonly limits?: DeliveryLimits;
  readonly rules?: SpanRules;
}

export interface NodeExportFacts extends RecorderCounts {
  readonly traces: SignalFacts | null;
  readonly logs: SignalFacts | null;
}

type Resource = ReturnType<OtlpSender['resource']>;
type OwnSpan = Parameters<OtlpSender['pushReadable']>[0];

export interface NodeExport {
  /** This plane has taken a command: its root span, before any rank hears of it. */
  commandAccepted(commandId: string, kind: string): void;
  /** Null where nothing is exported. */
  facts(): NodeExportFacts | null;
  /** For the plane's own spans; null where nothing is exported. */
  readonly own: { readonly resource: Resource; readonly take: (span: OwnSpan) => void } | null;
  /** Tells what the ranks' ends were, and takes no longer than its budget. */
  close(): Promise<void>;
}

/** Often enough for "seen within a second"; 16 ranks at rest cost some 0.3 % of a core. */
const lookEveryMs = 200;
/** What has not left by then stays: its place is kept, and the next plane sends it. */
const shutdownBudgetMs = 1_000;

/** Sends what the recorders of this machine say, while the ranks run, hang and end. No rank ever waits for it. */
export async function openNodeExport(options: NodeExportOptions): Promise<NodeExport> {
  const { settings } = options;
  if (settings === null) return noExport;
  const { clock, log } = options;
  const sender = await loadOtlpSender({
    settings,
    limits: options.limits ?? defaultDeliveryLimits,
    onTrouble: (signal, reason) => tellTrouble(log, sender, signal, reason),
    onPartial: (answer) => log.warn('the OTLP receiver left out a part', { answer }),
  });
  const planeResource = sender.resource(planeResourceOf(options, settings));
  const positions = openPositionFiles(options.exportDir);
  const commands = openCommandLog(join(options.exportDir, 'commands.jsonl'));
  const recorders = openExportedRecorders({
    ...options,
    sender,
    positions,
    planeResource,
    around: surroundingsOf(options, settings),
    rules: options.rules ?? defaultSpanRules,
    wallMinusMonoNs: clock.wallAtNs(0n),
    monoNs: clock.monoNs,
  });
  let accepted = 0;
  const pushRoot = (command: AcceptedCommand) => {
    accepted += 1;
    const upTo = accepted;
    sender.pushSpan(rootOf(command), planeResource);
    sender.mark('commands', () => {
      if (upTo === accepted) commands.clear();
    });
  };
  for (const command of commands.left) pushRoot(command);
  log.info('exporting to OTLP', { traces: settings.traces?.url, logs: settings.logs?.url, encoding: 'json' });

  let again: NodeJS.Immediate | null = null;
  const look = () => {
    // A long recorder is read in pieces, with turns of the loop for others in between.
    if (again !== null) clearImmediate(again);
    again = recorders.look() ? setImmediate(look) : null;
  };
  const timer = setInterval(look, lookEveryMs);
  look();

  return {
    commandAccepted(commandId, kind) {
      const command = { commandId, kind, atNs: clock.wallNs() };
      commands.add(command);
      pushRoot(command);
    },
    facts: () => ({ ...sender.facts(), ...recorders.counts }),
    own: { resource: planeResource, take: (span) => sender.pushReadable(span) },
    async close() {
      clearInterval(timer);
      if (again !== null) clearImmediate(again);
      const endsMs = performance.now() + shutdownBudgetMs;
      // What is not read by then is read by the next plane.
      while (recorders.look() && performance.now() < endsMs);
      if (!(await sender.flush(Math.max(1, endsMs - performance.now()))))
        log.warn('not all telemetry was delivered', queuedOf(sender));
      sender.close();
      recorders.close();
      commands.close();
    },
  };
}

const noExport: NodeExport = {
  commandAccepted: () => undefined,
  facts: () => null,
  own: null,
  close: async () => undefined,
};

function rootOf({ commandId, kind, atNs }: AcceptedCommand): SpanEvidence {
  const traceId = traceIdOfCommand(commandId);
  return {
    by: 'plane',
    traceId,
    spanId: spanIdOf({ traceId, kind: 'command' }),
    parentSpanId: null,
    name: spanNames.command(kind),
    startNs: atNs,
    endNs: atNs + momentNs,
    attributes: { [spanAttributes.state]: spanStates.anchor, [spanAttributes.commandId]: commandId },
    links: [],
    error: null,
    anchorOf: 'command',
  };
}

function planeResourceOf({ nodeId, hostName, version }: NodeExportOptions, { resource }: OtlpSettings) {
  return {
    [resourceNames.serviceName]: serviceNames.plane,
    ...resource,
    [resourceNames.serviceInstanceId]: uuidOf(nodeId, serviceIdNamespace),
    [resourceNames.serviceVersion]: version,
    [resourceNames.hostName]: hostName,
    [resourceNames.hostArch]: hostArchOf(process.arch),
    [resourceNames.pid]: process.pid,
    [rankAttributes.nodeId]: nodeId,
  };
}

function surroundingsOf({ hostName }: NodeExportOptions, { resource }: OtlpSettings) {
  const runtime = { runtimeName: 'nodejs', runtimeVersion: process.versions.node };
  return { hostName, hostArch: hostArchOf(process.arch), ...runtime, more: resource };
}

function tellTrouble(log: Log, sender: OtlpSender, signal: 'traces' | 'logs', reason: string | null): void {
  if (reason !== null)
    log.warn('the OTLP receiver does not take what is sent; it is kept and tried again', { signal, reason });
  else
    log.info('the OTLP receiver takes what is sent again', { signal, ...sender.facts()[signal], trouble: undefined });
}

function queuedOf(sender: OtlpSender) {
  const { traces, logs } = sender.facts();
  return { spans: traces?.queued, logs: logs?.queued };
}
