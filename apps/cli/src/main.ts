import { runCommand } from './run-command.ts';
import { openTerminal } from './terminal.ts';

// Not process.exit: what was written to a pipe a moment ago is still on its way.
process.exitCode = await runCommand(process.argv.slice(2), openTerminal());
