import { createClock, createLog } from '@rankscope/daemon';
import { runnerExitCodes } from '@rankscope/schema';
import { BadAssignmentError, openChannel } from './channel.ts';
import { classifyFailure, exitCodeOf } from './classify-failure.ts';
import { readConfig } from './config.ts';
import { live } from './live.ts';

/** The plane sends it right after the start; a machine under load may need seconds to start Node. */
const assignmentDeadlineMs = 30_000;

const clock = createClock();
const log = createLog({ level: readConfig().RANKSCOPE_LOG, wallNs: clock.wallNs });
const channel = openChannel(process);
const exit = (code: number) => process.exit(code);

channel.onClose(() => exit(runnerExitCodes.channelClosed));
try {
  const assignment = await channel.assignment(assignmentDeadlineMs);
  const { rank, worldSize, instanceId, runnerId, attempt } = assignment;
  await live(assignment, { channel, clock, exit, log: log.with({ rank, worldSize, instanceId, runnerId, attempt }) });
} catch (error) {
  const bad = error instanceof BadAssignmentError;
  const failure = bad ? 'internal' : classifyFailure(error, { connecting: false });
  const message = error instanceof Error ? error.message : String(error);
  log.error('the rank could not begin', { class: failure, error: message });
  channel.send({ type: 'failed', taskId: null, class: failure, message });
  await channel.flush();
  exit(bad ? runnerExitCodes.badAssignment : exitCodeOf[failure]);
}
