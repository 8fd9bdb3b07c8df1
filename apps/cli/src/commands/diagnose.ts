import { setTimeout as pause } from 'node:timers/promises';
import type { PlaneClient } from '@rankscope/client';
import type { Verdict } from '@rankscope/schema';
import { type CommandContext, command } from '../command.ts';
import { diagnoseCases } from '../diagnose-cases.ts';
import { diagnoseFile } from '../diagnose-file.ts';
import { interruptible } from '../interruptible.ts';
import { answerOf } from '../plane-answer.ts';
import { showVerdicts } from '../show-verdicts.ts';
import { exitCodes, UsageError } from '../usage-error.ts';

const flagTypes = { json: 'boolean', wait: 'boolean', 'exit-code': 'boolean', cases: 'text' } as const;
/** A verdict takes two seconds to hold; asking oftener shows nothing sooner. */
const askEveryMs = 500;

export const diagnose = command({
  name: 'diagnose',
  usage: '[FILE] [--wait] [--exit-code] [--json] [--cases FILE]',
  summary: 'who holds up whom and why, in one sentence; of the cluster, or of a saved timeline',
  details: [
    'FILE          a ClusterTimeline as JSON instead of the live cluster, of Rankscope or another producer',
    '--wait        until something is critical (live only)',
    '--exit-code   3 when a verdict is critical',
    '--json        the verdicts as JSON',
    '--cases FILE  many timelines with an id each: one line of JSON a case',
  ],
  flags: flagTypes,
  async run(context) {
    const { flags, words, terminal } = context;
    const [file, ...more] = words;
    if (more.length > 0) throw new UsageError(`diagnose takes one file, not ${words.length}`);
    if (flags.cases !== undefined) {
      for (const line of diagnoseCases(flags.cases)) terminal.print(line);
      return exitCodes.fine;
    }
    if (file !== undefined && flags.wait) throw new UsageError('--wait waits for a live cluster: leave out the file');
    const verdicts = file === undefined ? await askPlane(context) : diagnoseFile(file);
    if (verdicts === null) return exitCodes.fine;
    terminal.print(
      flags.json ? JSON.stringify(verdicts, null, terminal.isTty ? 2 : 0) : showVerdicts(verdicts, terminal),
    );
    const critical = verdicts.some(({ severity }) => severity === 'critical');
    return critical && flags['exit-code'] ? exitCodes.critical : exitCodes.fine;
  },
});

/** Null when a wait was interrupted. */
async function askPlane({ plane, flags }: CommandContext<typeof flagTypes>): Promise<readonly Verdict[] | null> {
  if (!flags.wait) return verdictsOf(plane);
  let found: readonly Verdict[] | null = null;
  await interruptible(async (signal) => {
    while (!signal.aborted && found === null) {
      const verdicts = await verdictsOf(plane);
      if (verdicts.some(({ severity }) => severity === 'critical')) found = verdicts;
      else await pause(askEveryMs, undefined, { signal }).catch(() => undefined);
    }
  });
  return found;
}

async function verdictsOf(plane: PlaneClient): Promise<readonly Verdict[]> {
  return answerOf(plane.baseUrl, await plane.analysis()).verdicts;
}
