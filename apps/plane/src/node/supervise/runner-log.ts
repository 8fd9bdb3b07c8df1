import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';

/** A runner that prints in a loop fills no disk. */
const maxLogBytes = 4 * 1024 * 1024;
const tailBytes = 2048;

export interface RunnerLog {
  /** Handed to the child as stdout and stderr: the kernel writes, so a busy plane never makes a rank wait. */
  readonly fd: number;
  /** Empties the file when it has grown too long; opened for appending, the child goes on at its start. */
  trim(): void;
  /** The last line the process managed to print. */
  lastLine(): string | null;
  close(): void;
}

export function openRunnerLog(path: string): RunnerLog {
  const fd = openSync(path, 'a+');
  return {
    fd,
    trim: () => {
      if (fstatSync(fd).size > maxLogBytes) ftruncateSync(fd, 0);
    },
    lastLine: () => {
      const { size } = fstatSync(fd);
      const buffer = Buffer.alloc(Math.min(size, tailBytes));
      readSync(fd, buffer, 0, buffer.length, size - buffer.length);
      return buffer.toString('utf8').trim().split('\n').at(-1)?.trim().slice(0, 300) || null;
    },
    close: () => closeSync(fd),
  };
}
