import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';

/** A small file of the data directory: read once at the start, replaced whole whenever what it holds changes. */
export interface KeptFile<T> {
  /** Null where there is none that can be used. */
  read(): T | null;
  write(value: T): void;
}

export interface KeptFileOptions<T> {
  readonly path: string;
  readonly schema: z.ZodType<T>;
  /** A sentence for the log; a disk that stays full is told of once. What is kept in memory goes on being right. */
  readonly onTrouble: (sentence: string) => void;
}

export function openKeptFile<T>({ path, schema, onTrouble }: KeptFileOptions<T>): KeptFile<T> {
  let wrote = true;
  return {
    read() {
      try {
        return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
      } catch (error) {
        // None at the first start; one that was cut short is learnt again from those whom it names.
        if (!isMissing(error)) onTrouble(`${path} is not what was written there, and is begun anew`);
        return null;
      }
    },
    write(value) {
      try {
        // The kernel has it when this returns, so it outlives the process. Not flushed: that holds up the event loop for
        // some 50 ms of a busy disk, and what a power cut takes is learnt again.
        writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
        renameSync(`${path}.new`, path);
        wrote = true;
      } catch (error) {
        if (wrote) onTrouble(`${path} could not be written: ${error instanceof Error ? error.message : String(error)}`);
        wrote = false;
      }
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
