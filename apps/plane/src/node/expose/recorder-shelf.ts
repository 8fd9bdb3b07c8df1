import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RingReplacedError } from '@rankscope/flight-recorder';
import { type OpenRecorderOptions, openRecorder, type Recorder } from './recorder.ts';

/** Every recorder of this node: those of the ranks that run, and those of earlier runs whose files are still kept. */
export interface RecorderShelf {
  /** In the order of their files, which is the order in which their runners were made. */
  list(): Recorder[];
  /** Uses a recorder; null when it cannot be read any more, which is said once. */
  use<T>(recorder: Recorder, work: (recorder: Recorder) => T): T | null;
  close(): void;
}

export interface RecorderShelfOptions extends Omit<OpenRecorderOptions, 'path' | 'recorder'> {
  readonly nodeId: string;
  readonly runnersDir: string;
  readonly monoMs: () => number;
  /** Told once of each file that cannot be read, with why. */
  readonly onTrouble: (path: string, reason: string) => void;
}

/** A file that is no ring now may be one later (it was being copied); it is looked at again, but not ten times a second. */
const retryMs = 5_000;

interface Held {
  readonly recorder: Recorder | null;
  readonly retryAtMs: number;
}

export function openRecorderShelf(options: RecorderShelfOptions): RecorderShelf {
  const { nodeId, runnersDir, monoMs, onTrouble } = options;
  const held = new Map<string, Held>();
  const told = new Set<string>();
  const listing = createListing(runnersDir, monoMs);

  const give = (path: string, reason: string): Held => {
    if (!told.has(path)) onTrouble(path, reason);
    told.add(path);
    held.get(path)?.recorder?.close();
    const nothing = { recorder: null, retryAtMs: monoMs() + retryMs };
    held.set(path, nothing);
    return nothing;
  };
  const open = (path: string, recorder: string): Held => {
    try {
      const opened = openRecorder({ ...options, path, recorder });
      if (opened.source.nodeId !== nodeId) {
        opened.close();
        return give(path, `it is the recorder of a rank of node ${opened.source.nodeId}, not of this node`);
      }
      const twin = [...held].find(([, one]) => one.recorder?.name === opened.name)?.[0];
      if (twin !== undefined) {
        opened.close();
        return give(path, `it is a copy of ${twin}`);
      }
      const made = { recorder: opened, retryAtMs: 0 };
      held.set(path, made);
      return made;
    } catch (error) {
      return give(path, messageOf(error));
    }
  };
  const pathOf = (recorder: Recorder) => [...held].find(([, one]) => one.recorder === recorder)?.[0];

  return {
    list() {
      const files = listing();
      for (const [path, { recorder }] of held) {
        if (files.has(path)) continue;
        recorder?.close();
        held.delete(path);
        told.delete(path);
      }
      return [...files].flatMap(([path, recorder]) => {
        const known = held.get(path);
        const usable = known && (known.recorder !== null || known.retryAtMs > monoMs());
        return (usable ? known : open(path, recorder)).recorder ?? [];
      });
    },
    use(recorder, work) {
      try {
        return work(recorder);
      } catch (error) {
        const path = pathOf(recorder);
        if (path === undefined) return null;
        // Another ring has taken its place; it is found by the next look.
        if (error instanceof RingReplacedError) {
          recorder.close();
          held.delete(path);
        } else give(path, messageOf(error));
        return null;
      }
    },
    close() {
      for (const { recorder } of held.values()) recorder?.close();
      held.clear();
    },
  };
}

/** A directory says when it last changed, to a few milliseconds; what changed so recently may change again unnoticed. */
const settledMs = 1_000;

/** The rings of a directory, listed anew only when it has changed: it is looked at several times a second. */
function createListing(runnersDir: string, monoMs: () => number): () => ReadonlyMap<string, string> {
  let files: ReadonlyMap<string, string> = new Map();
  let changed: bigint | null = null;
  let changedAtMs = 0;
  return () => {
    const { mtimeNs } = statSync(runnersDir, { bigint: true });
    if (mtimeNs === changed && monoMs() - changedAtMs > settledMs) return files;
    if (mtimeNs !== changed) changedAtMs = monoMs();
    changed = mtimeNs;
    files = findRings(runnersDir);
    return files;
  };
}

/** Path → which recorder it is. Runner ids are made in the order of time (UUIDv7), so names sort by age. */
function findRings(runnersDir: string): Map<string, string> {
  const names = readdirSync(runnersDir).filter((name) => name.endsWith('.ring'));
  return new Map(
    names.sort().map((name) => [join(runnersDir, name), name.endsWith('.supervisor.ring') ? 'supervisor' : '']),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
