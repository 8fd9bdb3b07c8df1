/** Rows of one recorder that lie together in one hour's table: what is known of them without reading them. */
export interface Stretch {
  readonly hour: number;
  readonly source: number;
  /** Lowest and highest number. Without holes between them when `rows` says so. Both −1: a recorder that does not count. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly rows: number;
  readonly minUs: number;
  readonly maxUs: number;
}

export function isDense({ firstSeq, lastSeq, rows }: Stretch): boolean {
  return firstSeq >= 0 && lastSeq - firstSeq + 1 === rows;
}
