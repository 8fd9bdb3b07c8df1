import { isRunnerPhase, phaseFacts } from '@rankscope/schema';
import { type Cell, type Drawing, type DrawnRow, drawnMarks } from './draw-lanes.ts';
import { formatSeconds } from './rank-positions.ts';

/** How the parts of a drawing are coloured; the drawing says the same without. */
export interface Ink {
  cells(text: string, phase: string | null, mark: string): string;
  quiet(text: string): string;
  /** The name of a row, or the words behind it. */
  row(text: string, row: DrawnRow, part: 'name' | 'words'): string;
}

const plain: Ink = { cells: (text) => text, quiet: (text) => text, row: (text) => text };

/** Axis, rows, and the meaning of every mark that occurs. The row of a rank that others wait for begins with ◆. */
export function formatDrawing(drawing: Drawing, ink: Ink = plain): string {
  const { rows, columns, stepUs } = drawing;
  const someMissed = rows.some(({ missed }) => missed);
  const names = rows.map(({ label, missed }) => (someMissed ? `${missed ? drawnMarks.missed : ' '} ${label}` : label));
  const width = Math.max(...names.map((name) => name.length), 0);
  const phaseWidth = Math.max(...rows.map(({ phase }) => phase.length), 0);
  const secondsWidth = Math.max(...rows.map(({ seconds }) => seconds.length), 0);
  const lines = rows.map((row, at) => {
    const right = `${row.phase.padEnd(phaseWidth)}  ${row.seconds.padStart(secondsWidth)}  ${row.site}`.trimEnd();
    const missing = columns - row.cells.length;
    const name = (names[at] ?? '').padEnd(width);
    return `${ink.row(name, row, 'name')}  ${inkedCells(row.cells, ink)}${' '.repeat(missing)}  ${ink.row(right, row, 'words')}`;
  });
  const axis = `${' '.repeat(width)}  ${axisOf(columns, stepUs)}`.trimEnd();
  return [ink.quiet(axis), ...lines, ...legendOf(drawing).map((line) => ink.quiet(line))].join('\n');
}

function inkedCells(cells: readonly Cell[], ink: Ink): string {
  let text = '';
  for (let at = 0; at < cells.length; ) {
    const { phase, mark } = cells[at] ?? { phase: null, mark: '' };
    let end = at;
    while (cells[end]?.phase === phase && cells[end]?.mark === mark) end += 1;
    text += ink.cells(mark.repeat(end - at), phase, mark);
    at = end;
  }
  return text;
}

/** Seconds before the right edge, every ten columns. */
function axisOf(columns: number, stepUs: number): string {
  let axis = '';
  for (let left = columns - (columns % 10 || 10); left >= 10; left -= 10) {
    const label = `|${formatSeconds((left * stepUs) / 1e6).replace('.0 ', ' ')}`;
    axis = axis.padEnd(columns - left) + (label.length <= 9 ? label : '|');
  }
  return `${axis.padEnd(columns - 4)} now`;
}

const otherMarks: Readonly<Record<string, string>> = {
  [drawnMarks.nothingKnown]: 'nothing known',
  [drawnMarks.gap]: 'not recorded',
  [drawnMarks.unknownPhase]: 'unknown phase',
  [drawnMarks.dead]: 'ended',
  [drawnMarks.missed]: 'peers wait for it',
};

const legendWidth = 100;

function legendOf({ rows, stepUs }: Drawing): string[] {
  const meanings = new Map<string, string>();
  for (const { mark, phase } of rows.flatMap(({ cells }) => cells)) {
    meanings.set(mark, otherMarks[mark] ?? phase ?? '');
  }
  if (rows.some(({ missed }) => missed)) meanings.set(drawnMarks.missed, otherMarks[drawnMarks.missed] ?? '');
  const order = ([mark, meaning]: readonly [string, string]) =>
    mark === drawnMarks.missed ? -1 : mark in otherMarks ? 99 : codeOf(meaning);
  const marks = [...meanings].sort((a, b) => order(a) - order(b)).map(([mark, meaning]) => `${mark} ${meaning}`);
  const words = [`one mark = ${formatStep(stepUs)}`, 'capitals wait for peers', ...marks];
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length + 3 <= legendWidth)
      lines[lines.length - 1] = `${line} · ${word}`;
    else lines.push(word);
  }
  return lines;
}

function codeOf(phase: string): number {
  return isRunnerPhase(phase) ? phaseFacts[phase].code : 98;
}

function formatStep(stepUs: number): string {
  return stepUs < 1e6 ? `${stepUs / 1000} ms` : `${stepUs / 1e6} s`;
}
