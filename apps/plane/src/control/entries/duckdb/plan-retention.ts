import type { Hour } from './book.ts';

export interface Retention {
  /** The file is kept below so many bytes. */
  readonly bytes: number;
  /** No row is kept longer. */
  readonly ms: number;
}

export interface RetentionFacts {
  /** Oldest first; the last one is being written. */
  readonly hours: readonly Pick<Hour, 'id' | 'beganMs'>[];
  readonly nowMs: number;
  /** What the tables take; room that dropped ones left is not counted, it is used again. */
  readonly usedBytes: number;
  readonly stretches: number;
}

export const hourMs = 3_600_000;
/** The file does not shrink, so tables stay below the limit by the log and by what a checkpoint writes beside them. */
const reserveShare = 1 / 4;
const mostReserve = 64 * 1024 * 1024;
/** What is known of the rows without reading them is memory, 100 B each; the oldest go when it becomes too much. */
const maxStretches = 500_000;

/** The hours to drop now, oldest first. By size one at a time: what it frees is seen before the next is judged. */
export function planRetention(facts: RetentionFacts, retention: Retention): number[] {
  const { hours, nowMs, usedBytes, stretches } = facts;
  // In their order, whatever the clock said: a clock that was set back must not tear a hole into what is kept.
  const young = hours.findIndex((hour, at) => endOf(hour, hours[at + 1]) + retention.ms > nowMs);
  const aged = hours.slice(0, young === -1 ? hours.length : young);
  if (aged.length > 0) return aged.map(({ id }) => id);
  const reserve = Math.min(mostReserve, retention.bytes * reserveShare);
  const tooLarge = usedBytes > retention.bytes - reserve || stretches > maxStretches;
  const oldest = hours[0];
  return tooLarge && oldest !== undefined ? [oldest.id] : [];
}

/** When the last row of an hour came, at the latest. */
function endOf({ beganMs }: Pick<Hour, 'beganMs'>, next: Pick<Hour, 'beganMs'> | undefined): number {
  const endOfHour = (Math.floor(beganMs / hourMs) + 1) * hourMs;
  return next === undefined ? endOfHour : Math.max(beganMs, Math.min(next.beganMs, endOfHour));
}

/** The log is moved into the tables when it is so large: some 150,000 rows, a tenth of a second, every few seconds. */
export function maxWalBytes({ bytes }: Retention): number {
  return Math.min(8 * 1024 * 1024, bytes / 16);
}

/** By size an hour goes as a whole, so one may hold an eighth of all there may be, and never more than is quick to read. */
export function maxHourRows({ bytes }: Retention): number {
  const bytesPerRow = 40;
  const mostRows = 4_194_304;
  return Math.max(1, Math.min(mostRows, Math.floor(bytes / 8 / bytesPerRow)));
}

/** For rows that are longer than most. */
export function maxHourBytes({ bytes }: Retention): number {
  return bytes / 8;
}

/** A new table is due: the clock's hour is over, or the table has its rows. */
export function isHourOver(hour: Hour & { readonly openRows: number }, nowMs: number, mostRows: number): boolean {
  return Math.floor(nowMs / hourMs) !== Math.floor(hour.beganMs / hourMs) || hour.rows + hour.openRows >= mostRows;
}
