import type { EntryBatch, TailedNode } from '@rankscope/schema';

/** Ten milliseconds a step up to a second, then a tenth of a second, up to a minute: finer than anybody asks, and 5 KB. */
const fineSteps = 100;
const steps = fineSteps + 590;
const windowMs = 60_000;

/** How old entries are when they are kept: of this minute and the one before, so that a start long ago does not count. */
export class EntryAges {
  readonly #monoMs: () => number;
  #now = new Window();
  #before = new Window();
  #sinceMs: number;

  constructor(monoMs: () => number) {
    this.#monoMs = monoMs;
    this.#sinceMs = monoMs();
  }

  add({ rows, columns: { atUs } }: EntryBatch, wallUs: number): void {
    this.#turn();
    for (let row = 0; row < rows; row += 1) this.#now.add((wallUs - (atUs[row] ?? wallUs)) / 1_000);
  }

  summary(): TailedNode['ageMs'] {
    this.#turn();
    const windows = [this.#now, this.#before];
    const count = windows.reduce((sum, one) => sum + one.count, 0);
    if (count === 0) return null;
    const at = (share: number) => {
      let left = share * count;
      for (let step = 0; step < steps; step += 1) {
        left -= windows.reduce((sum, one) => sum + (one.counts[step] ?? 0), 0);
        if (left <= 0) return upTo(step);
      }
      return upTo(steps - 1);
    };
    return { p50: at(0.5), p99: at(0.99), max: Math.round(Math.max(...windows.map(({ max }) => max))) };
  }

  #turn(): void {
    const nowMs = this.#monoMs();
    if (nowMs - this.#sinceMs < windowMs) return;
    this.#before = nowMs - this.#sinceMs < 2 * windowMs ? this.#now : new Window();
    this.#now = new Window();
    this.#sinceMs = nowMs;
  }
}

class Window {
  readonly counts = new Uint32Array(steps);
  count = 0;
  max = 0;

  add(ms: number): void {
    const step = ms < 1_000 ? Math.floor(ms / 10) : fineSteps + Math.floor((ms - 1_000) / 100);
    const at = Math.min(steps - 1, Math.max(0, step));
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.count += 1;
    if (ms > this.max) this.max = ms;
  }
}

/** The upper end of a step, in milliseconds. */
function upTo(step: number): number {
  return step < fineSteps ? (step + 1) * 10 : 1_000 + (step - fineSteps + 1) * 100;
}
