import {
  type ClusterTimeline,
  type ClusterTimelineEntry,
  type ClusterTimelineRunner,
  nowCells,
} from '@rankscope/schema';
import { compareTimed, type TimedEntry, timed } from './entry-order.ts';
import { createInstantReader } from './instant.ts';
import type { Lane, LaneGap, LaneMark } from './lane.ts';
import { createPhaseTrack } from './phase-track.ts';
import { siteOf } from './site-of.ts';
import { createSiteTrack } from './site-track.ts';

export interface LaneOptions {
  /** The entries of one task or command only: what stood between them is left out, not lost. */
  readonly filtered?: boolean;
}

/**
 * One lane a runner, in the timeline's order: the points of its recorder as stretches of time.
 *
 * Rules, all of which concern what is *not* recorded: an enter without an exit is still inside, unless the process has
 * ended, then it was inside when it ended. What a supervisor recorded for a silent runner never changes the runner's
 * phase. Where entries are missing nothing is carried across. Phases that we do not know are kept by their name.
 */
export function lanes(timeline: ClusterTimeline, { filtered = false }: LaneOptions = {}): Lane[] {
  const byRunner = Map.groupBy(timed(timeline.timeline), ({ entry }) => entry.runnerId);
  const nowUs = createInstantReader()(timeline.generatedAt);
  return timeline.runners.map((runner) => lane(runner, byRunner.get(runner.runnerId) ?? [], { nowUs, filtered }));
}

function lane(
  runner: ClusterTimelineRunner,
  entries: readonly TimedEntry[],
  { nowUs, filtered }: { readonly nowUs: number; readonly filtered: boolean },
): Lane {
  const phases = createPhaseTrack();
  const parser = createPhaseTrack();
  const sites = createSiteTrack();
  const marks: LaneMark[] = [];
  const gaps: LaneGap[] = [];
  const newest = new Map<unknown, TimedEntry>();
  let diedUs: number | null = null;

  for (const timedEntry of entries.toSorted(compareTimed)) {
    const { us, entry } = timedEntry;
    const { source } = entry.attrs;
    const gap = gapBefore(timedEntry, newest.get(source), filtered);
    if (gap !== null) gaps.push(gap);
    newest.set(source, timedEntry);
    const kind = markKind(entry);
    if (kind !== null) marks.push({ us, kind, phase: entry.phase, event: entry.event, detail: entry.detail });
    if (source === 'supervisor') {
      if (entry.event === 'process_died' || entry.event === 'process_exited') diedUs ??= us;
      continue;
    }
    if (gap !== null) for (const track of [phases, parser, sites]) track.forget(gap.startUs);
    sites.next(us);
    follow(us, entry);
  }

  function follow(us: number, entry: ClusterTimelineEntry): void {
    const { phase, detail } = entry;
    const site = siteOf(entry);
    const track = isBesideTheLoop(entry) ? parser : phases;
    if (site !== null) {
      sites.see(us, site, phase);
      if (!site.ownThread || !track.isInside()) track.be(us, phase, detail);
    } else if (entry.event === 'enter') track.enter(us, phase, detail);
    else if (entry.event === 'exit') track.exit(us, phase, detail);
    else if (!besideTheLoop.has(entry.event)) track.be(us, phase, detail);
  }

  const own = entries.filter(({ entry }) => entry.attrs.source !== 'supervisor').at(-1)?.us ?? null;
  const endedUs = runner.processAlive ? null : Math.max(diedUs ?? own ?? nowUs, own ?? 0);
  const slices = phases.end(endedUs);
  return {
    runner,
    slices: slices.length > 0 ? slices : fromSynopsis(runner, nowUs, endedUs),
    overlays: parser.end(endedUs),
    sites: sites.end(endedUs),
    marks,
    gaps,
    lastEntryUs: own,
    endedUs,
  };
}

/** The parser has a thread of its own; recorders that do not say which thread wrote are known by the phase. */
function isBesideTheLoop({ phase, attrs: { cell } }: ClusterTimelineEntry): boolean {
  return cell === undefined ? phase === 'parser' : cell === nowCells.parser;
}

/** Written by a watchdog or a memory sampler, from beside the task loop: no word about where the loop is. */
const besideTheLoop = new Set([
  'memory',
  'status',
  'deadline_passed',
  'fault_injected',
  'fault_released',
  'channel_closed',
]);

function gapBefore(
  { us, entry, seq }: TimedEntry,
  previous: TimedEntry | undefined,
  filtered: boolean,
): LaneGap | null {
  const told = typeof entry.attrs.dropped === 'number' ? entry.attrs.dropped : 0;
  const jumped = filtered || previous === undefined || seq < 0 || previous.seq < 0 ? 0 : seq - previous.seq - 1;
  const lost = Math.max(told, jumped);
  return lost > 0 ? { startUs: previous?.us ?? us, endUs: us, lost } : null;
}

const errorEvents = new Set(['error', 'exception', 'collective_failed', 'deadline_passed', 'aborted', 'process_died']);

function markKind({ phase, event, attrs }: ClusterTimelineEntry): LaneMark['kind'] | null {
  if (errorEvents.has(event) || (phase === 'error' && event !== 'exit')) return 'error';
  if (attrs.source === 'supervisor') return 'supervisor';
  if (event.startsWith('fault_')) return 'fault';
  if (event.includes('cancel') || (phase.startsWith('cancel_') && event !== 'exit')) return 'cancel';
  return null;
}

/** No entries, but the node says where the rank is. */
function fromSynopsis(runner: ClusterTimelineRunner, nowUs: number, endedUs: number | null): Lane['slices'] {
  const { phase, phaseDetail: detail, secondsInPhase } = runner;
  const startUs = Math.min(nowUs - Math.round(secondsInPhase * 1e6), endedUs ?? nowUs);
  return [{ phase, detail, startUs, endUs: endedUs, enterSeen: false, lost: endedUs !== null }];
}
