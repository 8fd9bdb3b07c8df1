import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterNodes } from '@rankscope/schema';
import { type PlaneOptions, type StartedPlane, startPlane } from './plane-harness.ts';
import { getJson } from './plane-requests.ts';

/** Planes of one test, each with a data directory that outlives it. */
export interface PlaneCluster {
  start(name: string, options?: PlaneOptions): Promise<StartedPlane>;
  /** As `start`, joined to that plane. */
  join(name: string, leaderUrl: string, options?: PlaneOptions): Promise<StartedPlane>;
  dataDirOf(name: string): string;
  /** SIGKILL, and everything that it had started goes with it. */
  kill(plane: StartedPlane): Promise<void>;
  close(): Promise<void>;
}

/** Two simulated ranks, which are up in no time and record like real ones. */
export const simulatedRanks = ['--engine', 'simulated', '--ranks', '2'];

export function createPlaneCluster(): PlaneCluster {
  const root = mkdtempSync(join(tmpdir(), 'rankscope-cluster-'));
  const planes: StartedPlane[] = [];
  const dataDirOf = (name: string) => join(root, name);
  const start = async (name: string, { args = ['--no-model'], ...options }: PlaneOptions = {}) => {
    const plane = await startPlane({ dataDir: dataDirOf(name), args: ['--node-name', name, ...args], ...options });
    planes.push(plane);
    return plane;
  };
  return {
    start,
    join: (name, leaderUrl, { args = ['--no-model'], ...options } = {}) =>
      start(name, { args: ['--join', leaderUrl, ...args], ...options }),
    dataDirOf,
    async kill(plane) {
      process.kill(plane.pid, 'SIGKILL');
      await plane.stop();
    },
    async close() {
      await Promise.all(planes.map((plane) => plane.stop()));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export const nodesOf = (url: string, headers: Record<string, string> = {}): Promise<ClusterNodes> =>
  getJson(`${url}/v1/nodes`, headers);

/** Name and address of every node, in the order of the names. */
export function placesOf({ nodes }: ClusterNodes): [name: string | null, url: string | null][] {
  return nodes
    .map(({ friendlyName, url }): [string | null, string | null] => [friendlyName, url])
    .sort(([a], [b]) => (a ?? '').localeCompare(b ?? ''));
}

export const portOf = ({ url }: { readonly url: string }) => new URL(url).port;
export const idOf = (plane: StartedPlane): Promise<string> => getJson(`${plane.url}/node_id`);
