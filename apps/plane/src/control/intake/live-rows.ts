import type { EntryBatch, FlightEntry } from '@rankscope/schema';
import { foldRows, mergeBatches, newRunnerState } from '@rankscope/telemetry/intake';
import { flightEntryAt, type LiveBatch, type LiveRunner } from './live-runner.ts';

export interface LiveRowsOptions {
  /** Beyond so many rows the oldest go: some 60 bytes each. */
  readonly maxRows: number;
}

/** A rank of which nothing has come for so long is no longer shown. */
const forgottenUs = 3_600_000_000;
/** Ranks that are shown, at most; then those go that have been silent longest. */
const maxRunners = 4096;

/** Beyond so many batches the oldest are put together: one costs some 6 KB, however few rows it has. */
const maxBatches = 1024;
/** So many of them at once, of which none has more rows than this. */
const mergedAtOnce = 256;
const smallRows = 1024;
/** Rows that a rank keeps when its batches go. */
const keptRows = 64;
/** A rank's entries that are made once and not again for every look, at most; of all ranks together, `madeInAll`. */
const madeEach = 2048;
const madeInAll = 65_536;

/** The newest rows of all ranks that send telemetry, and where each of them is. */
export class LiveRows {
  readonly runners = new Map<string, LiveRunner>();
  rows = 0;
  /** Rows that went to make room. They are in the entry store, where there is one. */
  forgottenRows = 0;
  /** Ranks that went although they had been heard within the hour. */
  forgottenRunners = 0;
  #batches: LiveBatch[] = [];
  #nextNo = 1;
  /** From this batch on entries have not been made. */
  #madeUntil = 1;
  readonly #maxRows: number;

  constructor({ maxRows }: LiveRowsOptions) {
    this.#maxRows = maxRows;
  }

  /** `heardUs` is when it came, by our own clock. */
  add(batch: EntryBatch, heardUs: number): LiveBatch {
    const runners = batch.sources.map((source) => {
      const known = this.runners.get(source.runnerId);
      const runner = known ?? newRunner(batch, source.runnerId, heardUs);
      if (known === undefined) this.runners.set(source.runnerId, runner);
      if (source.recorder === '') runner.state.source = source;
      runner.state.heardUs = heardUs;
      return runner;
    });
    foldRows(
      runners.map(({ state }) => state),
      batch,
    );
    const added = { batch, firstNo: this.#nextNo, no: this.#nextNo, stored: false };
    this.#nextNo += 1;
    if (batch.rows === 0) return added;
    this.#batches.push(added);
    this.rows += batch.rows;
    for (let row = 0; row < batch.rows; row += 1) {
      const runner = runners[batch.columns.source[row] ?? 0];
      if (runner !== undefined) runner.rows += 1;
    }
    this.#tidy();
    if (this.runners.size > maxRunners) this.#forgetSome();
    return added;
  }

  /** The newest `limit` entries of a rank, oldest first. Call `make` before, once for all ranks. */
  entriesOf(runner: LiveRunner, limit: number): FlightEntry[] {
    if (limit === 0) return [];
    const made = runner.made.map(({ entry }) => entry);
    return [...(made.length < limit ? runner.kept : []), ...made].slice(-limit);
  }

  /** Makes entries of rows that have come since the last time, as many of each rank as will be asked for. */
  make(limit: number): void {
    const each = Math.min(madeEach, Math.ceil(madeInAll / Math.max(1, this.runners.size)));
    const isUsual = limit <= each;
    const fresh = this.#newest(isUsual ? each : limit, isUsual ? this.#madeUntil : 0);
    const oldest = this.#batches[0]?.firstNo ?? this.#nextNo;
    for (const runner of this.runners.values()) {
      const before = isUsual ? runner.made.filter(({ no }) => no >= oldest) : [];
      runner.made = [...before, ...(fresh.get(runner)?.toReversed() ?? [])].slice(-Math.max(each, limit));
    }
    this.#madeUntil = this.#nextNo;
  }

  /** Forgets the ranks of which nothing has come for long; what they sent is in the entry store. */
  forgetSilent(nowUs: number): void {
    for (const [runnerId, { state }] of this.runners)
      if (nowUs - state.heardUs > forgottenUs) this.runners.delete(runnerId);
  }

  #newest(limit: number, from: number): Map<LiveRunner, { no: number; entry: FlightEntry }[]> {
    const found = new Map<LiveRunner, { no: number; entry: FlightEntry }[]>();
    for (let at = this.#batches.length - 1; at >= 0; at -= 1) {
      const live = this.#batches[at];
      if (live === undefined || live.no < from) break;
      const { batch, no } = live;
      const runners = batch.sources.map(({ runnerId }) => this.runners.get(runnerId));
      for (let row = batch.rows - 1; row >= 0; row -= 1) {
        const runner = runners[batch.columns.source[row] ?? 0];
        if (runner === undefined) continue;
        const entries = found.get(runner) ?? [];
        if (entries.length === 0) found.set(runner, entries);
        if (entries.length < limit) entries.push({ no, entry: flightEntryAt(batch, row) });
      }
    }
    return found;
  }

  #tidy(): void {
    let gone = 0;
    while (this.rows > this.#maxRows && this.#batches[gone]?.stored) {
      const live = this.#batches[gone];
      if (live !== undefined) this.#drop(live.batch);
      gone += 1;
    }
    if (gone > 0) this.#batches = this.#batches.slice(gone);
    if (this.#batches.length > maxBatches) this.#merge();
  }

  /** A tenth at once: it is not for every batch to look for the one that has to go. */
  #forgetSome(): void {
    const silent = [...this.runners.values()].sort((a, b) => a.state.heardUs - b.state.heardUs);
    for (const { runnerId } of silent.slice(0, this.runners.size - maxRunners * 0.9)) {
      this.runners.delete(runnerId);
      this.forgottenRunners += 1;
    }
  }

  #drop(batch: EntryBatch): void {
    this.rows -= batch.rows;
    this.forgottenRows += batch.rows;
    const runners = batch.sources.map(({ runnerId }) => this.runners.get(runnerId));
    for (let row = 0; row < batch.rows; row += 1) {
      const runner = runners[batch.columns.source[row] ?? 0];
      if (runner === undefined) continue;
      runner.rows -= 1;
      if (runner.rows >= keptRows) continue;
      runner.kept.push(flightEntryAt(batch, row));
      if (runner.kept.length > keptRows) runner.kept.shift();
    }
  }

  /** Puts the oldest run of small batches together, once they are on disk. */
  #merge(): void {
    const isSmall = ({ batch, stored }: LiveBatch) => stored && batch.rows < smallRows;
    for (let from = 0; from < this.#batches.length; ) {
      const end = this.#batches.findIndex((live, at) => at >= from && (!isSmall(live) || at - from === mergedAtOnce));
      const run = this.#batches.slice(from, end < 0 ? this.#batches.length : end);
      const [first, last] = [run[0], run.at(-1)];
      if (run.length > 1 && first !== undefined && last !== undefined) {
        const batch = mergeBatches(run.map((live) => live.batch));
        this.#batches.splice(from, run.length, { batch, firstNo: first.firstNo, no: last.no, stored: true });
        return;
      }
      from += run.length + 1;
    }
  }
}

function newRunner(batch: EntryBatch, runnerId: string, heardUs: number): LiveRunner {
  const source = batch.sources.find((one) => one.runnerId === runnerId);
  if (source === undefined) throw new RangeError(`batch has no source ${runnerId}`);
  return { runnerId, state: newRunnerState(source, heardUs), rows: 0, kept: [], made: [] };
}
