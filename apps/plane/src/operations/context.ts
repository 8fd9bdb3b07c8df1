import type { Clock } from '@rankscope/daemon';
import type { Cluster } from '../cluster/gather/gather.ts';
import type { TimelineFeed } from '../cluster/gather/timeline-feed.ts';
import type { LazyIntake } from '../control/intake/lazy-intake.ts';
import type { Keeping } from '../control/keeping.ts';
import type { TaskBoard } from '../control/route/task-board.ts';
import type { Membership } from '../membership.ts';
import type { NodeEntries } from '../node/expose/node-entries.ts';
import type { NodeView } from '../node/expose/node-view.ts';
import type { Instance } from '../node/supervise/instance.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Metrics } from './metrics/metrics.ts';

/** What this plane serves now, if anything. */
export interface Serving {
  readonly instance: Instance;
  readonly board: TaskBoard;
}

/** What an operation may use. */
export interface Context {
  readonly nodeId: string;
  readonly injectAllowed: boolean;
  readonly nodeDeadlineMs: number;
  readonly taskDeadlineMs: number;
  /** UUID of this process: a plane that starts anew is another one under the same node id. */
  readonly incarnation: string;
  /** What this plane shows the others of its cluster. */
  readonly planeToken: string | null;
  readonly clock: Clock;
  readonly newId: () => string;
  /** 32 random bits. */
  readonly newSeed: () => number;
  readonly view: NodeView;
  readonly entries: NodeEntries;
  /** Null on a plane that does not lead. */
  readonly keeping: Keeping | null;
  readonly cluster: Cluster;
  readonly membership: Membership;
  /** False for a plane that others can reach and that no join token protects. */
  readonly takesJoins: boolean;
  readonly feed: TimelineFeed;
  readonly metrics: Metrics;
  /** Of the plane's own work. */
  readonly tracing: Tracing;
  /** Where telemetry of others comes in. */
  readonly intake: LazyIntake;
  /** False where the plane only watches. */
  readonly wantsModel: boolean;
  /** Null before the model is there, or where none is wanted; then `whyNotServing` says which. */
  readonly serving: () => Serving | null;
  readonly whyNotServing: () => string;
}
