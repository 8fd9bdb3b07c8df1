import { type EntryBatch, type EntrySource, isRunnerPhase, phaseFacts } from '@rankscope/schema';
import { stillOpenEvent } from './span-rows.ts';

/** Phases within each other; what is open beneath is forgotten, as in the lanes of the explorer. */
const maxOpen = 16;

/** A phase that was entered and not left, with the place in it where the rank meets others. */
export interface OpenPhase {
  readonly phase: string;
  readonly sinceUs: number;
  readonly detail: string | null;
  readonly taskId: string | null;
  readonly commandId: string | null;
  readonly op: string | null;
  readonly group: number;
  readonly barrierSeq: number | null;
  readonly layer: number | null;
  readonly peer: number | null;
}

/** What the rows of one rank come to: where it is, where it was last, what it last said of its memory. */
export interface RunnerState {
  /** What it last said of itself. */
  source: EntrySource;
  /** When its first and its newest telemetry came, by the receiver's clock. */
  readonly firstHeardUs: number;
  heardUs: number;
  /** Outermost first. */
  open: OpenPhase[];
  /** The phase that it left last; null before the first. */
  last: { phase: string; startUs: number; endUs: number } | null;
  /** Time of the newest entry; −1 before the first. */
  newestUs: number;
  /** Ordinal of the last collective of group 0 that it left; −1 before the first. */
  lastLeft: number;
  completed: number;
  memory: MemoryState | null;
  /** What its supervisor said last; null while nobody said that it has ended. */
  death: { atUs: number; reason: string | null } | null;
}

export interface MemoryState {
  readonly atUs: number;
  readonly active: number | null;
  readonly cache: number | null;
  readonly peak: number | null;
}

export function newRunnerState(source: EntrySource, heardUs: number): RunnerState {
  return {
    source,
    firstHeardUs: heardUs,
    heardUs,
    open: [],
    last: null,
    newestUs: -1,
    lastLeft: -1,
    completed: 0,
    memory: null,
    death: null,
  };
}

/**
 * Follows the rows of a batch. `states` has the state of each of the batch's sources, a supervisor's being that of its
 * runner. Rows come in the order in which spans ended and were sent, not in the order of time: a span that has ended
 * says nothing of one that began later and is open.
 */
export function foldRows(states: readonly RunnerState[], batch: EntryBatch): void {
  const { columns, strings, sources, rows } = batch;
  const enter = strings.indexOf('enter');
  const exit = strings.indexOf('exit');
  const died = strings.indexOf('process_died');
  const stillOpen = strings.indexOf(stillOpenEvent);
  for (let row = 0; row < rows; row += 1) {
    const at = columns.source[row] ?? 0;
    const state = states[at];
    if (state === undefined) continue;
    const us = columns.atUs[row] ?? 0;
    const event = columns.event[row] ?? 0;
    seeMemory(state, batch, row);
    if (sources[at]?.recorder !== '') {
      if (event === died) state.death = { atUs: us, reason: textIn(strings, columns.detail[row]) };
      else if (event === stillOpen) standStill(state, batch, row);
      continue;
    }
    if (us > state.newestUs) state.newestUs = us;
    if (event === enter) {
      // A span that came whole: entered and left, with nothing between.
      if (
        columns.event[row + 1] === exit &&
        columns.source[row + 1] === at &&
        columns.phase[row + 1] === columns.phase[row] &&
        (columns.atUs[row + 1] ?? 0) >= us
      ) {
        row += 1;
        seeMemory(state, batch, row);
        leave(state, batch, row, us);
      } else enterPhase(state, batch, row, us);
    } else if (event === exit) leave(state, batch, row, null);
  }
}

/** The phase goes on, and this is where in it the rank stands. It is no progress. */
function standStill(state: RunnerState, batch: EntryBatch, row: number): void {
  const phase = batch.strings[batch.columns.phase[row] ?? 0];
  const at = state.open.findLastIndex((open) => open.phase === phase);
  const open = state.open[at];
  if (open !== undefined) state.open[at] = openPhaseAt(batch, row, open.sinceUs);
}

function enterPhase(state: RunnerState, batch: EntryBatch, row: number, us: number): void {
  const made = openPhaseAt(batch, row, us);
  leaveBefore(state, made.phase, us);
  const later = state.open.findIndex(({ sinceUs }) => sinceUs > us);
  state.open.splice(later < 0 ? state.open.length : later, 0, made);
  if (state.open.length > maxOpen) state.open.shift();
}

/** Who enters a phase has left it before, and who rests or ends has left everything; but only what began earlier. */
function leaveBefore(state: RunnerState, phase: string, us: number): void {
  const everything = nestsInNothing(phase);
  const from = everything ? 0 : state.open.findIndex((open) => open.phase === phase && open.sinceUs <= us);
  if (from >= 0) state.open = state.open.filter((open, i) => i < from || open.sinceUs > us);
}

/** `enteredUs` is null where the enter came before, or never. */
function leave(state: RunnerState, batch: EntryBatch, row: number, enteredUs: number | null): void {
  const { columns, strings } = batch;
  const endUs = columns.atUs[row] ?? 0;
  const phase = strings[columns.phase[row] ?? 0] ?? '';
  if (endUs > state.newestUs) state.newestUs = endUs;
  let startUs = enteredUs;
  if (startUs === null) {
    const at = state.open.findLastIndex((open) => open.phase === phase && open.sinceUs <= endUs);
    startUs = state.open[at]?.sinceUs ?? endUs;
    // Whatever was entered within it has been left as well.
    if (at >= 0) state.open = state.open.filter((open, i) => i < at || open.sinceUs > endUs);
  } else if (state.open.length > 0) leaveBefore(state, phase, startUs);
  if (state.last === null) state.last = { phase, startUs, endUs };
  else if (endUs >= state.last.endUs) {
    state.last.phase = phase;
    state.last.startUs = startUs;
    state.last.endUs = endUs;
  }
  if (phase === 'completion') state.completed += 1;
  const barrierSeq = columns.barrierSeq[row] ?? -1;
  const isOfWorld = (columns.group[row] ?? -1) <= 0 && (columns.waitingOn[row] ?? -1) < 0;
  if (isOfWorld && barrierSeq > state.lastLeft) state.lastLeft = barrierSeq;
}

/** Resting and ending are done at the top of a rank's loop. */
function nestsInNothing(phase: string): boolean {
  return isRunnerPhase(phase) && (phaseFacts[phase].class === 'rest' || phaseFacts[phase].class === 'terminal');
}

function openPhaseAt({ columns, strings }: EntryBatch, row: number, sinceUs: number): OpenPhase {
  return {
    phase: strings[columns.phase[row] ?? 0] ?? '',
    sinceUs,
    detail: textIn(strings, columns.detail[row]),
    taskId: textIn(strings, columns.taskId[row]),
    commandId: textIn(strings, columns.commandId[row]),
    op: textIn(strings, columns.op[row]),
    group: Math.max(0, columns.group[row] ?? 0),
    barrierSeq: numberIn(columns.barrierSeq[row]),
    layer: numberIn(columns.layer[row]),
    peer: numberIn(columns.waitingOn[row]),
  };
}

function seeMemory(state: RunnerState, batch: EntryBatch, row: number): void {
  const atUs = batch.columns.memoryAtUs[row] ?? -1;
  if (atUs >= 0 && atUs > (state.memory?.atUs ?? -1)) state.memory = memoryIn(batch, row);
}

function memoryIn({ columns }: EntryBatch, row: number): MemoryState {
  return {
    atUs: columns.memoryAtUs[row] ?? 0,
    active: numberIn(columns.memoryActive[row]),
    cache: numberIn(columns.memoryCache[row]),
    peak: numberIn(columns.memoryPeak[row]),
  };
}

function numberIn(value: number | undefined): number | null {
  return value === undefined || value < 0 ? null : value;
}

function textIn(strings: readonly string[], at: number | undefined): string | null {
  return at === undefined || at === 0 ? null : (strings[at] ?? null);
}
