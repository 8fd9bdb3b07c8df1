import type { MlxMemoryBytes } from '@rankscope/flight-recorder';
import {
  assertNever,
  type Fault,
  formatTimestamp,
  type MlxMemorySnapshot,
  type TaskOrder,
  type ToRunner,
} from '@rankscope/schema';
import { isEngineFault } from './engine/engine.ts';
import { failTask } from './fail-task.ts';
import { inboxBound } from './inbox.ts';
import type { Rank } from './rank.ts';
import { outsideCell } from './record-moment.ts';

export interface Desk extends Rank {
  readonly wallNs: () => bigint;
  readonly shutDown: (reason: string) => void;
  /** The group is lost; this rank waited for nobody and could not notice by itself. */
  readonly giveUp: (reason: string) => void;
}

/** What the plane says, at any time: while the rank rests, waits in a collective or computes. Never waits itself. */
export function followOrder(rank: Desk, message: ToRunner): void {
  switch (message.type) {
    case 'assign':
      rank.log.warn('a second assignment was ignored');
      break;
    case 'task':
      offer(rank, message.task);
      break;
    case 'cancel':
      // Of neither: it is done, or was never ours, and both are what the canceller wants.
      if (rank.current.task?.taskId === message.taskId) rank.current.task.end('cancel');
      else rank.inbox.wish(message.taskId, 'cancel');
      break;
    case 'inject':
      inject(rank, message.fault);
      break;
    case 'capture': {
      const memory = toSnapshot(rank.engine.memory(), rank.wallNs());
      rank.send({ type: 'captured', requestId: message.requestId, memory });
      break;
    }
    case 'shutdown':
      if (message.reason === null) rank.shutDown('the plane asked for it');
      else rank.giveUp(message.reason);
      break;
    default:
      assertNever(message);
  }
}

function offer(rank: Desk, given: TaskOrder): void {
  // The instance's own limit holds for every task.
  const order = { ...given, deadlineMs: Math.min(given.deadlineMs, rank.assignment.deadlines.taskMs) };
  if (rank.current.task?.taskId === order.taskId || rank.inbox.offer(order) !== 'full') return;
  failTask(rank, order.taskId, 'internal', `This rank already holds ${inboxBound} tasks.`);
}

function inject(rank: Desk, fault: Fault): void {
  if (rank.assignment.injectAllowed && isEngineFault(fault)) {
    rank.engine.inject(fault);
    return;
  }
  const why = rank.assignment.injectAllowed
    ? `${fault.kind} is a signal, and its plane sends those`
    : 'this rank was started with injectAllowed false';
  rank.log.warn('fault refused', { kind: fault.kind, why });
  const detail = `fault refused: ${why}`;
  rank.writer.record({ phase: 'idle', kind: 'mark', event: 'status', detail, rare: true, cell: outsideCell });
}

function toSnapshot(bytes: MlxMemoryBytes | null, wallNs: bigint): MlxMemorySnapshot | null {
  if (bytes === null) return null;
  const size = (inBytes: number | null) => (inBytes === null ? null : { inBytes });
  const { active, cache, peak, wiredLimit, source } = bytes;
  return {
    generatedAt: formatTimestamp(wallNs),
    active: size(active),
    cache: size(cache),
    peak: size(peak),
    wiredLimit: size(wiredLimit),
    source,
  };
}
