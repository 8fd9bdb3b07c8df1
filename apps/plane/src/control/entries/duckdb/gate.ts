/** Numbers that both threads see: calls into DuckDB that are under way, whether no more may begin, and whether none will. */
const busyAt = 0;
const shutAt = 1;
const stoppedAt = 2;

export function createGateMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
}

export interface Gate {
  /** Runs a call into DuckDB; once the gate is shut, waits for ever instead. */
  through<T>(call: () => Promise<T>): Promise<T>;
  /** The gate was shut: says so to who waits for it, as soon as nothing touches DuckDB any more. */
  settle(): void;
}

/**
 * Keeps the end of the thread apart from its calls into DuckDB. A thread that is ended in the midst of one takes the
 * process with it: the call comes back into an environment that is gone, and N-API knows no answer to that but to abort.
 */
export function createGate(memory: SharedArrayBuffer = createGateMemory()): Gate {
  const shared = new Int32Array(memory);
  const isShut = () => Atomics.load(shared, shutAt) === 1;
  const settle = () => {
    // In a turn of its own: what came back from DuckDB is still being read in this one.
    setImmediate(() => {
      if (Atomics.load(shared, busyAt) !== 0) return;
      Atomics.store(shared, stoppedAt, 1);
      Atomics.notify(shared, stoppedAt);
    });
  };
  return {
    async through(call) {
      Atomics.add(shared, busyAt, 1);
      try {
        if (!isShut()) return await call();
      } finally {
        Atomics.sub(shared, busyAt, 1);
        if (isShut()) settle();
      }
      return new Promise<never>(() => undefined);
    },
    settle,
  };
}

export function shutGate(memory: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(memory), shutAt, 1);
}

/** Blocks until nothing touches DuckDB any more; for a process that ends and has nothing else to do. False: too late. */
export function waitForGate(memory: SharedArrayBuffer, deadlineMs: number): boolean {
  return Atomics.wait(new Int32Array(memory), stoppedAt, 0, deadlineMs) !== 'timed-out';
}
