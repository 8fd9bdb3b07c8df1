/** Two numbers that both threads see: how many calls into DuckDB are under way, and whether no more may begin. */
const busyAt = 0;
const haltedAt = 1;

export function createGateMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
}

export interface Gate {
  /** Runs a call into DuckDB; once the gate is shut, waits for ever instead. */
  through<T>(call: () => Promise<T>): Promise<T>;
}

/**
 * Counts the calls into DuckDB that run beside JavaScript. A thread that ends while one of them runs takes the process
 * with it: the call comes back into an environment that is gone, and N-API knows no answer to that but to abort.
 */
export function createGate(memory: SharedArrayBuffer = createGateMemory()): Gate {
  const shared = new Int32Array(memory);
  return {
    async through(call) {
      // Counted first: whoever shuts the gate and then finds nobody inside may rely on it.
      Atomics.add(shared, busyAt, 1);
      try {
        if (Atomics.load(shared, haltedAt) === 0) return await call();
      } finally {
        if (Atomics.sub(shared, busyAt, 1) === 1) Atomics.notify(shared, busyAt);
      }
      return new Promise<never>(() => undefined);
    },
  };
}

export function shutGate(memory: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(memory), haltedAt, 1);
}

/** Blocks until nobody is inside; true when it is so. For a process that ends: nothing else is left to do. */
export function waitForGate(memory: SharedArrayBuffer, deadlineMs: number): boolean {
  const shared = new Int32Array(memory);
  const end = performance.now() + deadlineMs;
  for (let busy = Atomics.load(shared, busyAt); busy !== 0; busy = Atomics.load(shared, busyAt)) {
    const leftMs = end - performance.now();
    if (leftMs <= 0) return false;
    Atomics.wait(shared, busyAt, busy, leftMs);
  }
  return true;
}
