import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRecorderPosition, parseRecorderPosition, type RecorderPosition } from '@rankscope/telemetry';

/** One small file a recorder: where its export stands. A recorder whose end has been told has none. */
export interface PositionFiles {
  runnerIds(): string[];
  /** Null where there is none, or none that can be read: then the recorder is exported from its beginning. */
  read(runnerId: string): RecorderPosition | null;
  write(runnerId: string, position: RecorderPosition): void;
  remove(runnerId: string): void;
}

const suffix = '.position.json';

export function openPositionFiles(dir: string): PositionFiles {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const pathOf = (runnerId: string) => join(dir, `${runnerId}${suffix}`);
  return {
    runnerIds: () =>
      readdirSync(dir)
        .filter((name) => name.endsWith(suffix))
        .map((name) => name.slice(0, -suffix.length)),
    read(runnerId) {
      try {
        return parseRecorderPosition(readFileSync(pathOf(runnerId), 'utf8'));
      } catch {
        return null;
      }
    },
    write(runnerId, position) {
      const path = pathOf(runnerId);
      writeFileSync(`${path}.new`, encodeRecorderPosition(position));
      renameSync(`${path}.new`, path);
    },
    remove: (runnerId) => rmSync(pathOf(runnerId), { force: true }),
  };
}
