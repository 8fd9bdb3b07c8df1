import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { readBootId } from '@rankscope/daemon';

export interface WriteRingsOptions {
  /** Of the plane whose ranks these are. */
  readonly dataDir: string;
  readonly nodeId: string;
  readonly rings: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly firstRank?: number;
}

export interface RingsBeingWritten {
  /** When the process has ended: how many entries each runner has. */
  readonly written: Promise<ReadonlyMap<string, number>>;
  kill(): void;
}

/** Starts a process that writes rings into the runners' directory of a plane, as its ranks would. */
export function writeRings(options: WriteRingsOptions): RingsBeingWritten {
  const { dataDir, nodeId, rings, perSecond, seconds, firstRank = 0 } = options;
  const args = [join(dataDir, 'runners'), nodeId, readBootId(), firstRank, rings, perSecond, seconds];
  const child = spawn(process.execPath, [resolve(import.meta.dirname, 'ring-writers.ts'), ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  child.stdout.on('data', (bytes: Buffer) => {
    told += bytes.toString();
  });
  const written = new Promise<ReadonlyMap<string, number>>((done, fail) => {
    child.once('close', (code) => {
      if (code === 0) done(new Map(Object.entries(JSON.parse(told) as Record<string, number>)));
      else fail(new Error(`the writer ended with ${code}`));
    });
  });
  return { written, kill: () => void child.kill('SIGKILL') };
}
