import { randomInt } from 'node:crypto';
import { ConfigError, createClock, createLog, createShutdown, formatConfig } from '@rankscope/daemon';
import { v7 as newId } from 'uuid';
import { type ReadConfig, readOwnConfig, secretKeys } from './config.ts';
import { openPlane } from './open-plane.ts';
import { openParent } from './parent-channel.ts';

const wrongUsage = 2;

/** Reads the configuration or says everything that is wrong with it. */
function configOrExit(): ReadConfig {
  try {
    return readOwnConfig(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) process.stderr.write(`${fault}\n`);
    parent.tell({ type: 'failed', reason: error.faults.join('\n') });
    process.exit(wrongUsage);
  }
}

const parent = openParent(process);
const { config, printConfig, shown } = configOrExit();
if (printConfig) {
  process.stdout.write(`${formatConfig(shown, secretKeys)}\n`);
  process.exit(0);
}
const clock = createClock();
const log = createLog({ level: config.logLevel, wallNs: clock.wallNs });
const shutdown = createShutdown({ log, exit: (code) => process.exit(code) });
shutdown.listen();
parent.onGone(() => void shutdown.run(0, 'the parent process is gone'));

const newSeed = () => randomInt(2 ** 32);
const opened = await openPlane({ config, clock, log, newId, newSeed, shutdown, parent });
if (opened.kind === 'refused') {
  log.error(opened.reason);
  parent.tell({ type: 'failed', reason: opened.reason });
  await shutdown.run(1, 'could not start');
}
