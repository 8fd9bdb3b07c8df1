import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { z } from 'zod';

/** A command that this plane took, and when. */
export interface AcceptedCommand {
  readonly commandId: string;
  readonly kind: string;
  /** Nanoseconds since the epoch. */
  readonly atNs: bigint;
}

export interface CommandLog {
  /** Those that an earlier plane took and may not have told of. */
  readonly left: readonly AcceptedCommand[];
  add(command: AcceptedCommand): void;
  /** All have been told of. */
  clear(): void;
  close(): void;
}

const Line = z.object({ commandId: z.string(), kind: z.string(), atNs: z.string().regex(/^\d{1,20}$/) });

/**
 * Commands whose root span is not yet known to have arrived. One small write before the ranks hear of a command: they
 * survive a killed plane and name that root as their parent, so it must survive as well.
 */
export function openCommandLog(path: string): CommandLog {
  const fd = openSync(path, 'a+');
  let empty = true;
  const left = readFileSync(path, 'utf8').split('\n').flatMap(parseLine);
  if (left.length > 0) empty = false;
  return {
    left,
    add({ commandId, kind, atNs }) {
      writeSync(fd, `${JSON.stringify({ commandId, kind, atNs: atNs.toString() })}\n`);
      empty = false;
    },
    clear() {
      if (!empty) ftruncateSync(fd, 0);
      empty = true;
    },
    close: () => closeSync(fd),
  };
}

function parseLine(text: string): AcceptedCommand[] {
  try {
    const { commandId, kind, atNs } = Line.parse(JSON.parse(text));
    return [{ commandId, kind, atNs: BigInt(atNs) }];
  } catch {
    // The empty end of the file, or a line that a killed plane had half written.
    return [];
  }
}
