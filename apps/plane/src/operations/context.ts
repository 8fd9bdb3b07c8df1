import type { Clock } from '@rankscope/daemon';
import type { Cluster } from '../cluster/gather/gather.ts';
import type { TimelineFeed } from '../cluster/gather/timeline-feed.ts';
import type { LazyIntake } from '../control/intake/lazy-intake.ts';
import type { TaskBoard } from '../control/route/task-board.ts';
import type { NodeView } from '../node/expose/node-view.ts';
import type { Instance } from '../node/supervise/instance.ts';

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
  /** For the other planes of the cluster. */
  readonly token: string | null;
  readonly clock: Clock;
  readonly newId: () => string;
  /** 32 random bits. */
  readonly newSeed: () => number;
  readonly view: NodeView;
  readonly cluster: Cluster;
  readonly feed: TimelineFeed;
  /** Where telemetry of others comes in. */
  readonly intake: LazyIntake;
  /** False where the plane only watches. */
  readonly wantsModel: boolean;
  /** Null before the model is there, or where none is wanted; then `whyNotServing` says which. */
  readonly serving: () => Serving | null;
  readonly whyNotServing: () => string;
}
