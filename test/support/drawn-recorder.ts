import type { RingEntry } from '@rankscope/flight-recorder';
import { phaseFacts, runnerPhases } from '@rankscope/schema';

/** One rank's recorder as a drawing has it. */
export interface DrawnRecorder {
  readonly rank: number;
  readonly entries: readonly RingEntry[];
  /** Where each column ends: when somebody looks. */
  readonly looksNs: readonly bigint[];
  /** When the process was killed; null while it lives. */
  readonly killedNs: bigint | null;
}

export const drawnCommand = '01a20fb7-b532-7fc7-8000-000000000001';
const drawnTask = '01a20fb7-b532-7fc7-8000-0000000000aa';

/**
 * `rank 1  ,GGll..sbfdDdDDDDX`: one mark a second as in the drawings of the CLI, `X` once the process is gone. From `s`
 * to `!` everything but rest and agreement bears the command; a gate is one collective, which stays open when the drawing
 * ends in it.
 */
export function drawnRecorders(text: string): DrawnRecorder[] {
  return [...text.matchAll(/^ *rank (\d+) +(\S+)/gm)].map(([, rank, marks]) =>
    drawnRecorder(Number(rank), marks ?? ''),
  );
}

const second = 1_000_000_000n;

function drawnRecorder(rank: number, marks: string): DrawnRecorder {
  const entries: RingEntry[] = [];
  const put = (column: number, more: Partial<RingEntry>) =>
    // Entries of one moment are a microsecond apart, as real ones are.
    entries.push(makeEntry(entries.length, BigInt(column) * second + BigInt(entries.length) * 1_000n, more));
  let barrierSeq = 0;
  let working = false;
  const killed = marks.indexOf('X');
  const lived = killed < 0 ? marks : marks.slice(0, killed);
  for (let column = 0; column < lived.length; column += 1) {
    const mark = lived[column] ?? '';
    const phase = phaseOf(mark);
    if (mark === 's') working = true;
    const ids = working && !/[.A]/.test(mark) ? { commandId: drawnCommand, taskId: drawnTask } : {};
    const rare = phaseFacts[phase].family === 'lifecycle';
    const gate = phaseFacts[phase].class === 'gate' ? { phase, op: 'all_sum', barrierSeq, cell: 1, ...ids } : null;
    if (mark !== lived[column - 1]) {
      put(column, { phase, kind: 'enter', event: 'enter', rare, ...ids });
      if (gate) put(column, { ...gate, kind: 'enter', event: 'collective_enter' });
    }
    if (mark === lived[column + 1] || column + 1 === lived.length) continue;
    if (gate) {
      put(column + 1, { ...gate, kind: 'exit', event: 'collective_exit' });
      barrierSeq += 1;
    }
    put(column + 1, { phase, kind: 'exit', event: 'exit', rare, ...ids });
    if (mark === 's') put(column + 1, { phase, kind: 'mark', event: 'task_begin', rare: true, ...ids });
    if (mark !== '!') continue;
    put(column + 1, { phase, kind: 'mark', event: 'task_end', text: 'stop', rare: true, ...ids });
    working = false;
  }
  return {
    rank,
    entries,
    looksNs: Array.from(lived, (_, column) => BigInt(column + 1) * second),
    killedNs: killed < 0 ? null : BigInt(killed) * second,
  };
}

export function makeEntry(n: number, tMonoNs: bigint, more: Partial<RingEntry>): RingEntry {
  return {
    n,
    tMonoNs,
    phase: 'idle',
    kind: 'mark',
    event: 'status',
    op: null,
    dtype: null,
    group: 0,
    barrierSeq: null,
    layer: null,
    peer: null,
    a: 0,
    b: 0,
    cell: 0,
    text: null,
    textCut: false,
    attrs: null,
    attrsLost: false,
    rare: false,
    pointToPoint: false,
    commandId: null,
    taskId: null,
    memory: null,
    ...more,
  };
}

function phaseOf(mark: string) {
  const found = runnerPhases.find((phase) => phaseFacts[phase].mark === mark);
  if (found === undefined) throw new RangeError(`no phase has the mark ${mark}`);
  return found;
}
