/** How long a disk that refused is left alone, at first and at most. */
const firstBackoffMs = 1_000;
const maxBackoffMs = 30_000;

/** Why nothing is written for a while: a disk that is full now is still full in a millisecond. */
export class DiskRefusal {
  #reason: string | null = null;
  #untilMs = 0;
  #backoffMs = firstBackoffMs;

  /** The last reason, also when the disk may be tried again; null after it has worked. */
  get reason(): string | null {
    return this.#reason;
  }

  /** How long the disk is still left alone; 0 when it may be tried. */
  get leftMs(): number {
    return this.#reason === null ? 0 : Math.max(0, this.#untilMs - performance.now());
  }

  refuse(reason: string): void {
    this.#reason = reason;
    this.#untilMs = performance.now() + this.#backoffMs;
    this.#backoffMs = Math.min(maxBackoffMs, this.#backoffMs * 2);
  }

  /** The disk has worked. */
  clear(): void {
    this.#reason = null;
    this.#backoffMs = firstBackoffMs;
  }
}
