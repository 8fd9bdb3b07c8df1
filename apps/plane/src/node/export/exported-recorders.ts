import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '@rankscope/daemon';
import {
  isWriterAlive,
  type LogEvidence,
  type OtlpSender,
  openRecorderExport,
  type RankSurroundings,
  type RecorderExport,
  type RecorderNews,
  rankResource,
  type SpanEvidence,
  type SpanRules,
} from '@rankscope/telemetry';
import type { PositionFiles } from './position-files.ts';

/** A rank's recorder, as the supervisor knows it. */
export interface RecorderSource {
  readonly runnerId: string;
  readonly ringPath: string;
  readonly supervisorPath: string;
  readonly pid: number | null;
  /** False once the process has been reaped. */
  readonly alive: boolean;
}

export interface RecorderCounts {
  sampledOut: number;
  rateLimited: number;
  overwritten: number;
}

type Resource = ReturnType<OtlpSender['resource']>;

export interface ExportedRecordersOptions {
  readonly sender: OtlpSender;
  readonly positions: PositionFiles;
  readonly planeResource: Resource;
  readonly around: RankSurroundings;
  readonly rules: SpanRules;
  readonly runnersDir: string;
  readonly bootId: string;
  readonly wallMinusMonoNs: bigint;
  readonly monoNs: () => bigint;
  readonly log: Log;
  readonly recorders: () => readonly RecorderSource[];
}

export interface ExportedRecorders {
  /** Looks at every recorder once; true when one of them has more to read at once. */
  look(): boolean;
  readonly counts: Readonly<RecorderCounts>;
  close(): void;
}

interface Exported {
  readonly recorder: RecorderExport;
  resource: Resource | null;
  done: boolean;
  /** What the log has been told. */
  trouble: string | null;
}

/** All recorders of this machine whose end has not been told: those of the ranks that run, and those of earlier planes. */
export function openExportedRecorders(options: ExportedRecordersOptions): ExportedRecorders {
  const { sender, positions, runnersDir, bootId, monoNs, log } = options;
  const known = new Map<string, Exported>();
  const left = positions.runnerIds();
  const counts: RecorderCounts = { sampledOut: 0, rateLimited: 0, overwritten: 0 };

  const open = ({ runnerId, ringPath, supervisorPath }: RecorderSource): Exported => {
    const { wallMinusMonoNs, rules } = options;
    const position = positions.read(runnerId);
    const from = { ringPath, supervisorPath, position, wallMinusMonoNs, hasPlane: true, rules };
    return { recorder: openRecorderExport(from), resource: null, done: false, trouble: null };
  };
  const sources = (): readonly RecorderSource[] => {
    const running = options.recorders();
    const earlier = left.filter(
      (id) => known.get(id)?.done !== true && !running.some(({ runnerId }) => runnerId === id),
    );
    return [...running, ...earlier.map((runnerId) => leftSource(runnerId))];
  };
  const leftSource = (runnerId: string): RecorderSource => {
    const ringPath = join(runnersDir, `${runnerId}.ring`);
    const header = known.get(runnerId)?.recorder.header() ?? null;
    // Not looked at yet: alive until it is, so that nothing is ended unseen.
    const alive =
      header === null ? !known.has(runnerId) && existsSync(ringPath) : isWriterAlive(header, ringPath, bootId);
    const supervisorPath = join(runnersDir, `${runnerId}.supervisor.ring`);
    return { runnerId, ringPath, supervisorPath, pid: header?.pid ?? null, alive };
  };
  const take = (source: RecorderSource, one: Exported, news: RecorderNews): boolean => {
    const identity = one.recorder.identity();
    if (identity === null) return false;
    const pid = source.pid ?? one.recorder.header()?.pid ?? null;
    one.resource ??= sender.resource(rankResource(identity, pid, options.around));
    push(one.resource, news);
    counts.sampledOut += news.sampledOut;
    counts.rateLimited += news.rateLimited;
    counts.overwritten += news.overwritten;
    const { position, done } = news;
    // Once more than there is news, so that a reader that begins anew does not begin at nothing.
    if (news.spans.length > 0 || news.overwritten > 0 || done)
      sender.mark(source.runnerId, () =>
        done ? positions.remove(source.runnerId) : positions.write(source.runnerId, position),
      );
    if (done) {
      one.done = true;
      one.recorder.close();
    }
    return news.more;
  };
  const push = (
    resource: Resource,
    { spans, logs }: { spans: readonly SpanEvidence[]; logs: readonly LogEvidence[] },
  ) => {
    for (const span of spans) sender.pushSpan(span, span.by === 'plane' ? options.planeResource : resource);
    for (const one of logs) sender.pushLog(one, resource);
  };
  const lookAt = (source: RecorderSource): boolean => {
    const one = known.get(source.runnerId) ?? open(source);
    known.set(source.runnerId, one);
    if (one.done) return false;
    try {
      const news = one.recorder.look({ nowNs: monoNs(), gone: !source.alive });
      one.trouble = null;
      if (news !== null) return take(source, one, news);
      // Neither of its files is there any more, and nobody will write them.
      if (!source.alive) giveUp(source, one);
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      if (one.trouble === null)
        log.warn('a recorder cannot be exported', { runnerId: source.runnerId, reason: trouble });
      one.trouble = trouble;
      if (!source.alive) endHarmed(source, one);
    }
    return false;
  };
  const endHarmed = (source: RecorderSource, one: Exported) => {
    const news = one.recorder.look({ nowNs: null, gone: true, harmed: true });
    if (news === null) giveUp(source, one);
    else take(source, one, news);
  };
  const giveUp = ({ runnerId }: RecorderSource, one: Exported) => {
    one.done = true;
    one.recorder.close();
    positions.remove(runnerId);
  };

  return {
    look: () =>
      sources()
        .map(lookAt)
        .some((more) => more),
    counts,
    close() {
      for (const { recorder, done } of known.values()) if (!done) recorder.close();
    },
  };
}
