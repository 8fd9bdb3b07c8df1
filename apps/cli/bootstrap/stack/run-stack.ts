import { formatTable } from '../../src/format-table.ts';
import { exitCodes, UsageError } from '../../src/usage-error.ts';
import { describeStack } from './describe-stack.ts';
import { gatherStack, type StackOptions } from './gather-stack.ts';
import { planParts, prometheusConfigOf, type StackFacts } from './plan-parts.ts';
import { partNames, splitStackArgs } from './plan-stack.ts';
import { describeEnd, type PartEnd, PartFailed, type RunningPart, spawnPart, untilHealthy } from './start-part.ts';
import { openStopSignals, type StopSignals } from './stop-signals.ts';
import { writePrometheusConfig } from './write-prometheus-config.ts';

const usage = `npm run stack [-- [--without ${partNames.join('|')}] …flags of rankscope up]

Starts an OpenTelemetry Collector, Jaeger and Prometheus beside \`rankscope up\`, on loopback, and prints where they are.
The first run builds the Collector and Jaeger, which needs Go and takes minutes. Ctrl-C ends them all.`;

/** The life of the stack, to its exit code. What the person must know has been said when it resolves. */
export async function runStack(options: StackOptions & { readonly args: readonly string[] }): Promise<number> {
  const { terminal } = options;
  const running: RunningPart[] = [];
  const stop = openStopSignals(() => {
    for (const part of running) part.kill('SIGKILL');
  });
  try {
    const flags = splitStackArgs(options.args);
    if (flags.help) {
      terminal.print(usage);
      return exitCodes.fine;
    }
    const gathered = await gatherStack(flags, options, stop.signal);
    if (gathered.kind === 'refused') return stop.signal.aborted ? stop.code() : gathered.code;
    try {
      return await live(gathered.facts, options, running, stop);
    } finally {
      for (const part of running.toReversed()) await part.stop();
      gathered.lock.close();
    }
  } catch (error) {
    if (!(error instanceof PartFailed || error instanceof UsageError)) throw error;
    terminal.tell(`rankscope: ${error.message}`);
    return error instanceof UsageError ? exitCodes.wrongUsage : exitCodes.failed;
  } finally {
    stop.close();
  }
}

interface Ended {
  readonly part: RunningPart;
  readonly end: PartEnd;
}

/** Starts the parts one after the other and waits for the first end among them, or for somebody who wants it. */
async function live(
  facts: StackFacts,
  { terminal }: StackOptions,
  running: RunningPart[],
  stop: StopSignals,
): Promise<number> {
  if (facts.parts.prometheus.kind === 'ready') writePrometheusConfig(prometheusConfigOf(facts.stackDir), facts);
  const ends: Promise<Ended>[] = [];
  const judge = ({ part, end }: Ended) => {
    // `up` speaks for itself, and ends when it has answered; anything else was to run for as long as `up` does.
    if (part.speaks && end.code !== null) return end.code;
    terminal.tell(`rankscope: ${describeEnd(part, end)}\nrankscope: ending the others`);
    return exitCodes.failed;
  };
  for (const plan of planParts(facts)) {
    const part = spawnPart(plan);
    running.push(part);
    ends.push(part.ended.then((end) => ({ part, end })));
    const early = await Promise.race([...ends, untilHealthy(plan, part, stop.signal)]);
    if (stop.signal.aborted) return stop.code();
    if (early !== undefined) return judge(early);
  }
  for (const line of formatTable(['', 'address', ''], describeStack(facts), terminal).split('\n')) terminal.tell(line);
  const first = await Promise.race([...ends, stop.came]);
  return first === undefined ? stop.code() : judge(first);
}
