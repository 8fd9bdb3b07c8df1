import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LockedError, type LockFile, openLockFile } from '@rankscope/daemon';
import { NodeId } from '@rankscope/schema';

export interface DataDirectory {
  readonly nodeId: NodeId;
  readonly runnersDir: string;
  /** Where the export of recorders stands; made by whoever exports. */
  readonly exportDir: string;
  /** Names of configured peers. */
  readonly peersPath: string;
  /** The nodes that this plane leads. */
  readonly membersPath: string;
  /** The cluster that this plane has joined, as its leader told it. */
  readonly clusterPath: string;
  readonly lock: LockFile;
}

export type OpenedDirectory =
  | { readonly kind: 'opened'; readonly directory: DataDirectory }
  | { readonly kind: 'refused'; readonly reason: string };

/** Takes the data directory for this process and reads who this node is; the first time, decides it. */
export function openDataDirectory(path: string, options: { bootId: string; newId: () => string }): OpenedDirectory {
  const runnersDir = join(path, 'runners');
  try {
    mkdirSync(runnersDir, { recursive: true, mode: 0o700 });
    const lock = openLockFile({ path: join(path, 'lock'), bootId: options.bootId });
    const nodeId = readNodeId(join(path, 'node-id'), options.newId);
    const paths = {
      exportDir: join(path, 'export'),
      peersPath: join(path, 'peers.json'),
      membersPath: join(path, 'members.json'),
      clusterPath: join(path, 'cluster.json'),
    };
    return { kind: 'opened', directory: { nodeId, runnersDir, ...paths, lock } };
  } catch (error) {
    if (error instanceof LockedError) {
      return {
        kind: 'refused',
        reason: `${error.message}. Stop that plane, or give this one its own with --data or RANKSCOPE_DATA.`,
      };
    }
    if (error instanceof Error && 'code' in error) {
      return {
        kind: 'refused',
        reason: `the data directory ${path} cannot be used: ${error.message}. Choose another with --data or RANKSCOPE_DATA.`,
      };
    }
    throw error;
  }
}

function readNodeId(path: string, newId: () => string): NodeId {
  const known = NodeId.safeParse(readIfThere(path)?.trim());
  if (known.success) return known.data;
  const nodeId = NodeId.parse(newId());
  writeFileSync(`${path}.new`, `${nodeId}\n`);
  renameSync(`${path}.new`, path);
  return nodeId;
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
