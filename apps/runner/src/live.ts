import type { Clock, Log } from '@rankscope/daemon';
import { withPhase } from '@rankscope/flight-recorder';
import { type Assignment, runnerExitCodes } from '@rankscope/schema';
import type { Channel } from './channel.ts';
import { EngineError } from './engine/engine.ts';
import { followOrder } from './follow-order.ts';
import { createInbox } from './inbox.ts';
import { openEngine } from './open-engine.ts';
import { announce, type Rank } from './rank.ts';
import { runRank } from './run.ts';
import { createStop } from './stop-rank.ts';
import { strikeOut } from './strike-out.ts';

export interface Surroundings {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly log: Log;
  readonly exit: (code: number) => void;
}

/** Proof that the task loop turns, and fine enough for "stalled for a second". */
const beatEveryMs = 100;
const memoryEveryMs = 1_000;

/** Opens recorder and engine, lives the life of run.ts, and sees to its end. Throws only while opening. */
export async function live(assignment: Assignment, { channel, clock, log, exit }: Surroundings): Promise<void> {
  const nowMs = () => Number(clock.monoNs() / 1_000n) / 1_000;
  const opened = await openEngine(assignment);
  const current = { task: null, connecting: false, serving: false };
  const rank: Rank = { assignment, ...opened, log, nowMs, inbox: createInbox(nowMs), current, send: channel.send };
  const { writer } = rank;

  const leave = async (): Promise<void> => {
    for (const timer of timers) clearInterval(timer);
    writer.close(runnerExitCodes.clean);
    await channel.flush();
    exit(runnerExitCodes.clean);
  };
  const stop = createStop({ rank, leave: () => void leave() });
  const timers = [
    setInterval(() => writer.loopBeat(), beatEveryMs).unref(),
    setInterval(() => noteMemory(rank), memoryEveryMs).unref(),
  ];

  channel.onClose(() => {
    // Nobody will ever ask for an answer again; a plane that comes back starts the next attempt.
    writer.record({ phase: 'shutdown_cleanup', kind: 'mark', event: 'channel_closed', rare: true });
    log.warn('the channel to the plane is closed');
    exit(runnerExitCodes.channelClosed);
  });
  process.on('SIGTERM', () => stop.begin('SIGTERM'));
  // Ctrl-C reaches the whole process group; the plane decides, and tells us.
  process.on('SIGINT', () => undefined);
  withPhase(writer, 'created', () => announce(rank, 'RunnerIdle'));
  let struck: Promise<void> | null = null;
  const strike = (error: unknown): Promise<void> => {
    struck ??= strikeOut({ error, connecting: current.connecting, writer, channel, log, exit });
    return struck;
  };
  const giveUp = (reason: string) => void (stop.begun || strike(new EngineError('PeerLostError', reason)));
  const desk = { ...rank, wallNs: clock.wallNs, shutDown: stop.begin, giveUp };
  channel.listen(
    (message) => followOrder(desk, message),
    (why) => log.warn('a message was not understood', { why }),
  );

  try {
    await runRank(rank);
  } catch (error) {
    // A group that breaks while it is taken down has done what was wanted.
    if (!stop.begun) return strike(error);
    announce(rank, 'RunnerShutdown', { detail: error instanceof Error ? error.message : String(error) });
  }
  await leave();
}

function noteMemory({ engine, writer }: Rank): void {
  const bytes = engine.memory();
  if (bytes !== null) writer.memory(bytes);
}
