/** Numbers of one recorder, as stretches without a gap: a recorder that is followed has one, however much it wrote. */
export class SeenNumbers {
  readonly #stretches: { from: number; to: number }[] = [];

  /** True when the number was not there yet. */
  add(n: number): boolean {
    const after = this.#firstAfter(n);
    const before = this.#stretches[after - 1];
    const next = this.#stretches[after];
    if (before !== undefined && n <= before.to) return false;
    const joinsBefore = before?.to === n - 1;
    const joinsNext = next?.from === n + 1;
    if (before !== undefined && joinsBefore) {
      before.to = joinsNext && next !== undefined ? next.to : n;
      if (joinsNext) this.#stretches.splice(after, 1);
    } else if (next !== undefined && joinsNext) next.from = n;
    else this.#stretches.splice(after, 0, { from: n, to: n });
    return true;
  }

  /** Place of the first stretch that begins after `n`; nearly always behind the last. */
  #firstAfter(n: number): number {
    let high = this.#stretches.length;
    if ((this.#stretches[high - 1]?.from ?? -1) <= n) return high;
    let low = 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#stretches[middle]?.from ?? 0) <= n) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
