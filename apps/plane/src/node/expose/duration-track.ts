import type { RingEntry } from '@rankscope/flight-recorder';
import { metricFacts } from '@rankscope/schema';
import { type CountingHistogram, createDurationHistogram, type DurationHistogram } from './duration-histogram.ts';

/** How long a rank's phases and collectives took, counted from its entries as they come. */
export interface DurationTrack {
  see(entry: RingEntry): void;
  readonly phases: ReadonlyMap<string, DurationHistogram>;
  readonly collectives: DurationHistogram;
}

interface Open {
  readonly phase: string;
  readonly sinceNs: bigint;
}

/** Phases of one cell that never see their exit are forgotten beyond this depth. */
const maxDepth = 16;
/** A rank has one collective in flight; a recorder that leaves more open has lost their ends. */
const maxOpenCollectives = 64;

/**
 * Pairs enters with exits. Where entries are missing nothing that was open before is paired with anything after: an
 * enter and an exit with a gap between them need not belong together.
 */
export function createDurationTrack(): DurationTrack {
  const phases = new Map<string, CountingHistogram>();
  const collectives = createDurationHistogram(metricFacts.barrierWait.buckets);
  const stacks = new Map<number, Open[]>();
  const inside = new Map<string, bigint>();
  let expected = 0;

  const histogramOf = (phase: string): CountingHistogram => {
    const known = phases.get(phase);
    if (known) return known;
    const made = createDurationHistogram(metricFacts.phaseDuration.buckets);
    phases.set(phase, made);
    return made;
  };
  const enter = ({ cell, phase, tMonoNs }: RingEntry) => {
    const stack = stacks.get(cell) ?? [];
    stacks.set(cell, stack);
    stack.push({ phase, sinceNs: tMonoNs });
    if (stack.length > maxDepth) stack.shift();
  };
  const leave = ({ cell, phase, tMonoNs, commandId }: RingEntry) => {
    const stack = stacks.get(cell) ?? [];
    const at = stack.findLastIndex((open) => open.phase === phase);
    const open = stack[at];
    if (!open) return;
    stack.length = at;
    histogramOf(phase).observe(secondsBetween(open.sinceNs, tMonoNs), tMonoNs, commandId);
  };

  return {
    phases,
    collectives,
    see(entry) {
      if (entry.n !== expected) {
        stacks.clear();
        inside.clear();
      }
      expected = entry.n + 1;
      if (entry.event === 'collective_enter') {
        if (inside.size >= maxOpenCollectives) inside.clear();
        inside.set(siteKey(entry), entry.tMonoNs);
      } else if (entry.event === 'collective_exit' || entry.event === 'collective_failed') {
        const sinceNs = inside.get(siteKey(entry));
        inside.delete(siteKey(entry));
        if (sinceNs !== undefined)
          collectives.observe(secondsBetween(sinceNs, entry.tMonoNs), entry.tMonoNs, entry.commandId);
      } else if (entry.op === null && entry.kind === 'enter') enter(entry);
      else if (entry.op === null && entry.kind === 'exit') leave(entry);
    },
  };
}

/** Ordinals count per group, those of sends and receives per peer and direction. */
function siteKey({ group, pointToPoint, op, peer, barrierSeq }: RingEntry): string {
  return pointToPoint ? `${group} ${op} ${peer} ${barrierSeq}` : `${group} ${barrierSeq}`;
}

function secondsBetween(fromNs: bigint, toNs: bigint): number {
  return Math.max(0, Number(toNs - fromNs) / 1e9);
}
