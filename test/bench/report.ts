import { availableParallelism, cpus, totalmem } from 'node:os';

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly samples: readonly number[];
  /** The goal, and on which side of it the median should lie. */
  readonly goal: number;
  readonly better: 'lower' | 'higher';
}

/** How far off the goal a median may lie before the bench fails: machines are noisy, regressions are not. */
const grossFactor = 3;

/** Prints the figures as a table and as one line of JSON, and fails the process only on a gross regression. */
export function report(bench: string, ran: string, figures: readonly Figure[]): void {
  console.log(`\n${bench}: ${ran}`);
  console.log(
    `on ${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
  );
  const rows = figures.map((figure) => {
    const sorted = figure.samples.toSorted((a, b) => a - b);
    const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
    const median = at(0.5);
    const met = figure.better === 'lower' ? median <= figure.goal : median >= figure.goal;
    const gross = figure.better === 'lower' ? median > figure.goal * grossFactor : median < figure.goal / grossFactor;
    return { figure, n: sorted.length, min: at(0), median, max: at(1), met, gross };
  });
  for (const { figure, n, min, median, max, met } of rows) {
    const sign = figure.better === 'lower' ? '≤' : '≥';
    const numbers = [min, median, max].map((x) => shown(x).padStart(9)).join(' ');
    console.log(
      `${met ? 'ok  ' : 'MISS'} ${figure.name.padEnd(52)} ${numbers} ${figure.unit.padEnd(6)} goal ${sign} ${figure.goal}  (n ${n})`,
    );
  }
  console.log(
    JSON.stringify({
      bench,
      figures: rows.map(({ figure, ...row }) => ({ name: figure.name, unit: figure.unit, goal: figure.goal, ...row })),
    }),
  );
  if (rows.some((row) => row.gross || Number.isNaN(row.median))) process.exitCode = 1;
}

const shown = (x: number) => (Math.abs(x) >= 100 ? x.toFixed(0) : x.toFixed(2));
