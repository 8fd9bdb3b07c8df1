import type { Log } from '@rankscope/daemon';
import type { FlightWriter } from '@rankscope/flight-recorder';
import { nowCells } from '@rankscope/schema';
import type { Channel } from './channel.ts';
import { classifyFailure, exitCodeOf } from './classify-failure.ts';
import { announce } from './rank.ts';

export interface StrikeOutOptions {
  readonly error: unknown;
  readonly connecting: boolean;
  readonly writer: FlightWriter;
  readonly channel: Channel;
  readonly log: Log;
  readonly exit: (code: number) => void;
}

/** A peer's death must not keep this process either: it is replaced, and the replacement needs its memory. */
export const exitWithinMs = 800;

/**
 * The one strike: record, tell, leave. A broken group cannot be left in good order, since whatever calls into it again
 * may never return; so nothing is closed here, and a timer ends the process should telling take too long. The ring is
 * not closed either: a closed ring says that the end was wanted.
 */
export async function strikeOut({ error, connecting, writer, channel, log, exit }: StrikeOutOptions): Promise<void> {
  const failure = classifyFailure(error, { connecting });
  const code = exitCodeOf[failure];
  setTimeout(() => exit(code), exitWithinMs);
  const message = error instanceof Error ? error.message : String(error);
  writer.record({ phase: 'error', kind: 'enter', event: 'error', detail: `${failure}: ${message}`, rare: true });
  // The ring of a dead rank shows where it ended.
  writer.now(nowCells.taskLoop, { phase: 'error', site: failure });
  channel.send({ type: 'failed', taskId: null, class: failure, message });
  announce({ send: channel.send, writer }, 'RunnerFailed', { detail: message });
  log.error('rank failed', { class: failure, error: error instanceof Error ? (error.stack ?? message) : message });
  await channel.flush();
  exit(code);
}
