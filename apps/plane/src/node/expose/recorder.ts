import { openRingReader, type RingHeader, type RingReader, type RingSlot } from '@rankscope/flight-recorder';
import type { EntrySource } from '@rankscope/schema';
import { shortRingName } from './entries-cursor.ts';
import { MonotonicToWall } from './entry-rows.ts';

/** One ring file in the runners' directory, of a rank that runs or of one that ran. */
export interface Recorder {
  /** How a cursor calls it. */
  readonly name: string;
  readonly source: EntrySource;
  readonly clock: MonotonicToWall;
  /** About how many entries lie behind `next`; 0: none. */
  pending(next: number): number;
  /** Whether there is anything behind `next`, as cheaply as that can be known. */
  hasNews(next: number): boolean;
  /** Shows entries from `next` on, at most `limit`. */
  scan(next: number, limit: number, visit: (slot: RingSlot) => void): RecorderScan;
  close(): void;
}

export interface RecorderScan {
  readonly count: number;
  readonly next: number;
  readonly dropped: number;
}

export interface OpenRecorderOptions {
  readonly path: string;
  /** `supervisor`, or empty for the runner's own. */
  readonly recorder: string;
  readonly bootId: string;
  readonly wallAtNs: (monoNs: bigint) => bigint;
  /** Whether a process of this machine still runs. */
  readonly isAlive: (pid: number) => boolean;
}

/** Throws what the ring reader throws: no such file, no ring, or one of another version. */
export function openRecorder(options: OpenRecorderOptions): Recorder {
  const { path, recorder, bootId, isAlive } = options;
  let reader: RingReader | null = openRingReader(path);
  const { header } = reader;
  /** Where the entries of a recorder end whose writer is gone; null while there may be more. */
  let end: number | null = null;
  const writerDead = () => header.bootId !== bootId || !isAlive(header.pid);
  const close = () => {
    reader?.close();
    reader = null;
  };

  return {
    name: shortRingName(header.ring, recorder),
    source: sourceOf(header, recorder),
    clock: new MonotonicToWall(wallClockOf(header, options)),
    pending(next) {
      if (end !== null) return Math.max(0, end - next);
      reader ??= openRingReader(path);
      return reader.pending(next);
    },
    hasNews(next) {
      if (end !== null) return end > next;
      reader ??= openRingReader(path);
      return reader.hasBegun(next);
    },
    scan(next, limit, visit) {
      // Asked before reading: a writer that is dead by now has written everything that will ever be there.
      const last = writerDead();
      reader ??= openRingReader(path);
      const read = reader.scan({ next, ring: header.ring }, { limit, writerDead: last }, visit);
      if (last && read.count < limit) {
        end = read.cursor.next;
        // Nothing will come any more. A machine keeps the files of hundreds of ranks that have ended.
        close();
      }
      return { count: read.count, next: read.cursor.next, dropped: read.dropped };
    },
    close,
  };
}

/**
 * Times of this boot are placed by the plane's clock, as in everything else it says; the monotonic clock of an earlier
 * boot is another clock, and the file's own anchor is all there is.
 */
function wallClockOf(header: RingHeader, { bootId, wallAtNs }: OpenRecorderOptions): (monoNs: bigint) => bigint {
  if (header.bootId === bootId) return wallAtNs;
  return (monoNs) => monoNs + header.anchorWallNs - header.anchorMonoNs;
}

function sourceOf(header: RingHeader, recorder: string): EntrySource {
  const { nodeId, runnerId, instanceId, modelId, rank, worldSize, attempt } = header;
  return {
    nodeId,
    runnerId,
    instanceId,
    modelId,
    deviceRank: rank,
    worldSize: Math.max(1, worldSize),
    attempt,
    recorder,
  };
}
