import type { MlxMemoryBytes } from '@rankscope/flight-recorder';
import { assertNever, formatTimestamp, type MlxMemorySnapshot, type ToRunner } from '@rankscope/schema';
import { inboxBound } from './inbox.ts';
import { isEngineFault } from './engine/engine.ts';
import { failTask } from './fail-task.ts';
import type { Rank } from './rank.ts';
import { outsideCell } from './record-moment.ts';

export interface Desk extends Rank {
  readonly wallNs: () => bigint;
  readonly shutDown: (reason: string) => void;
}

/** What the plane says, at any time: while the rank rests, waits in a collective or computes. Never waits itself. */
export function followOrder(rank: Desk, message: ToRunner): void {
  switch (message.type) {
    case 'assign':
      return rank.log.warn('a second assignment was ignored');
    case 'task':
      return offer(rank, message.task);
    case 'cancel':
      // Of neither: it is done, or was never ours, and both are what the canceller wants.
      if (rank.current.task?.taskId === message.taskId) rank.current.task.end('cancel');
      else rank.inbox.wish(message.taskId, 'cancel');
      return;
    case 'inject':
      return inject(rank, message.fault);
    case 'capture':
      return rank.send({ type: 'captured', requestId: message.requestId, memory: toSnapshot(rank.engine.memory(), rank.wallNs()) });
    case 'shutdown':
      return rank.shutDown('the plane asked for it');
    default:
      assertNever(message);
  }
}

function offer(rank: Desk, order: Extract<ToRunner, { type: 'task' }>['task']): void {
  if (rank.current.task?.taskId === order.taskId || rank.inbox.offer(order) !== 'full') return;
  failTask(rank, order.taskId, 'internal', `This rank already holds ${inboxBound} tasks.`);
}

function inject(rank: Desk, fault: Extract<ToRunner, { type: 'inject' }>['fault']): void {
  const why = !rank.assignment.injectAllowed ? 'not allowed here' : isEngineFault(fault) ? null : 'is a signal';
  if (why === null && isEngineFault(fault)) return rank.engine.inject(fault);
  rank.log.warn('fault refused', { kind: fault.kind, why });
  rank.writer.record({ phase: 'idle', kind: 'mark', event: 'status', detail: `fault refused: ${why}`, rare: true, cell: outsideCell });
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
