import type { Log } from '@rankscope/daemon';
import {
  addTally,
  createOtlpReader,
  emptyTally,
  type OtlpEncoding,
  OtlpError,
  type OtlpSignal,
} from '@rankscope/telemetry/intake';
import type { GatheredNode } from '@rankscope/timeline';
import type { IntakeFacts } from './intake-facts.ts';
import { intakeWarnings } from './intake-warnings.ts';
import { LiveRows } from './live-rows.ts';
import { createStoreQueue, type KeepRows, type StoreQueueFacts } from './store-queue.ts';
import { telemetryNodes } from './telemetry-nodes.ts';

export interface IntakeOptions {
  /** Nanoseconds since the Unix epoch. */
  readonly wallNs: () => bigint;
  readonly log: Log;
  /** Entries of this runner come from its own plane at full resolution; its spans would say everything twice. */
  readonly knowsRunner: (runnerId: string) => boolean;
  /** A node that is expected to answer for itself: telemetry does not answer in its name. */
  readonly expectsNode: (nodeId: string) => boolean;
  /** Keeps rows beyond memory; null where there is no store. */
  readonly onBatch: KeepRows | null;
  /** Rows in memory; the default is what a machine of 16 GB does not notice. */
  readonly maxLiveRows?: number;
}

/** What became of one request. */
export type Accepted =
  | { readonly kind: 'taken'; readonly rejected: number; readonly message: string }
  /** Too much waits for the disk: come again. */
  | { readonly kind: 'busy'; readonly reason: string }
  /** Nothing was taken. `offset` is the byte where the fault lies, where that is known. */
  | { readonly kind: 'malformed'; readonly reason: string; readonly offset: number | null };

/** Where OTLP becomes entries of ranks. */
export interface Intake {
  /** Why nothing is taken just now; null otherwise. Whoever asks before it reads a body spares itself the reading. */
  whyBusy(): string | null;
  acceptTraces(bytes: Uint8Array, encoding: OtlpEncoding): Accepted;
  acceptLogs(bytes: Uint8Array, encoding: OtlpEncoding): Accepted;
  /** The ranks of whom only telemetry tells, each under its node, with the newest `limit` entries: for every gather. */
  nodes(limit: number): GatheredNode[];
  facts(): IntakeFacts;
  close(): Promise<void>;
}

const defaultLiveRows = 524_288;
/** Rows come together for so long, so that a sender of single spans does not make a batch of each. */
const gatherMs = 100;
/** … or until there are so many. */
const gatherRows = 1024;

export function openIntake(options: IntakeOptions): Intake {
  const { log, knowsRunner } = options;
  const nowUs = () => Number(options.wallNs() / 1_000n);
  const reader = createOtlpReader({ nowUs, knowsRunner });
  const live = new LiveRows({ maxRows: options.maxLiveRows ?? defaultLiveRows });
  const queue = createStoreQueue({ keep: options.onBatch, log });
  const tallies = { traces: emptyTally(), logs: emptyTally() };
  const counts = { malformed: 0, busy: 0, leftOutValues: 0 };
  let timer: NodeJS.Timeout | null = null;

  const flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const batch = reader.take();
    if (batch.sources.length === 0) return;
    const added = live.add(batch, nowUs());
    queue.push(batch, () => {
      added.stored = true;
    });
  };

  const whyBusy = (): string | null => {
    if (!queue.isFull()) return null;
    counts.busy += 1;
    return busySentence(queue.facts());
  };

  const accept = (signal: OtlpSignal, bytes: Uint8Array, encoding: OtlpEncoding): Accepted => {
    const reason = whyBusy();
    if (reason !== null) return { kind: 'busy', reason };
    try {
      const { tally, message, leftOutValues } = reader.read(signal, bytes, encoding);
      addTally(tallies[signal], tally);
      counts.leftOutValues += leftOutValues;
      if (reader.rows >= gatherRows) flush();
      else timer ??= setTimeout(flush, gatherMs);
      return { kind: 'taken', rejected: tally.rejected, message };
    } catch (error) {
      if (!(error instanceof OtlpError)) throw error;
      counts.malformed += 1;
      return { kind: 'malformed', reason: error.message, offset: error.offset };
    }
  };

  const facts = (): IntakeFacts => ({
    spans: { ...tallies.traces },
    logs: { ...tallies.logs },
    ...counts,
    runners: live.runners.size,
    liveRows: live.rows + reader.rows,
    forgottenRows: live.forgottenRows,
    forgottenRunners: live.forgottenRunners,
    store: queue.facts(),
  });

  return {
    whyBusy,
    acceptTraces: (bytes, encoding) => accept('traces', bytes, encoding),
    acceptLogs: (bytes, encoding) => accept('logs', bytes, encoding),
    nodes(limit) {
      flush();
      const warnings = intakeWarnings(facts(), options.onBatch !== null);
      return telemetryNodes(live, { ...options, nowUs: nowUs(), limit, warnings });
    },
    facts,
    async close() {
      flush();
      await queue.close();
    },
  };
}

function busySentence({ waitingRows, trouble }: StoreQueueFacts): string {
  const why = trouble === null ? 'the disk is slower than they come' : `the entry store says: ${trouble}`;
  return `${waitingRows} entries wait to be written, ${why}`;
}
