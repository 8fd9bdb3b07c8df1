import { type Parcel, ParcelQueue, type QueueFacts } from './parcel-queue.ts';

export type SendOutcome =
  | { readonly kind: 'delivered' }
  /** The receiver has answered that it does not want this. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Nobody answered, or the answer was "later". */
  | { readonly kind: 'later'; readonly reason: string };

export interface DeliveryLimits {
  /** Parcels that may wait. */
  readonly queued: number;
  readonly batch: number;
  /** How long a parcel waits for company … */
  readonly lingerMs: number;
  /** … and an urgent one. */
  readonly urgentMs: number;
  readonly firstRetryMs: number;
  readonly lastRetryMs: number;
}

export const defaultDeliveryLimits: DeliveryLimits = {
  // At a kilobyte each 8 MB; a minute of two ranks that send as much as they may.
  queued: 8_192,
  // What SDKs send at once. It is put into words on the plane's loop: some 5 ms.
  batch: 512,
  // A request costs more than the spans in it; nobody looks for a phase that is over within a second.
  lingerMs: 1_000,
  // Anchors, markers and failures are there before anybody looks, and what comes at one moment still goes together.
  urgentMs: 100,
  firstRetryMs: 1_000,
  // A receiver that is back is found within seconds; one knock in five costs nothing.
  lastRetryMs: 5_000,
};

export interface DeliveryOptions<T> {
  readonly send: (batch: readonly T[]) => Promise<SendOutcome>;
  readonly limits: DeliveryLimits;
  /** Called when delivery begins to fail (with why), and when it is well again (null). */
  readonly onTrouble: (reason: string | null, kind: SendOutcome['kind']) => void;
}

export interface Delivery<T> {
  push(parcel: Parcel<T>): void;
  mark(key: string, reached: () => void): void;
  facts(): QueueFacts & { readonly trouble: string | null };
  /** True when everything has been delivered or refused within the time. */
  flush(deadlineMs: number): Promise<boolean>;
  /** Sends no more. */
  close(): void;
}

/** Delivers in order, one batch at a time; whoever pushes never waits. */
export function openDelivery<T>({ send, limits, onTrouble }: DeliveryOptions<T>): Delivery<T> {
  const queue = new ParcelQueue<T>(limits.queued);
  const flushers = new Set<() => void>();
  let timer: NodeJS.Timeout | null = null;
  let dueMs = 0;
  let restUntilMs = 0;
  let sending = false;
  let closed = false;
  let retryMs = limits.firstRetryMs;
  let trouble: string | null = null;

  const schedule = (afterMs: number) => {
    if (sending || closed) return;
    const atMs = Math.max(performance.now() + afterMs, restUntilMs);
    if (timer !== null && dueMs <= atMs) return;
    if (timer !== null) clearTimeout(timer);
    const run = () => {
      timer = null;
      void pump();
    };
    dueMs = atMs;
    // A queue must not keep a process alive that has nothing else to do.
    timer = setTimeout(run, Math.max(0, atMs - performance.now())).unref();
  };
  const settle = (outcome: SendOutcome) => {
    if (outcome.kind === 'delivered') queue.delivered();
    if (outcome.kind === 'refused') queue.refused();
    retryMs = outcome.kind === 'later' ? Math.min(retryMs * 2, limits.lastRetryMs) : limits.firstRetryMs;
    const now = outcome.kind === 'delivered' ? null : outcome.reason;
    const changed = (now === null) !== (trouble === null);
    trouble = now;
    if (changed) onTrouble(now, outcome.kind);
  };
  const pump = async () => {
    if (sending || closed) return;
    sending = true;
    let waitMs: number | null = null;
    while (waitMs === null && !closed) {
      const batch = queue.take(limits.batch);
      if (batch.length === 0) break;
      const beforeMs = retryMs;
      const outcome = await send(batch);
      settle(outcome);
      if (outcome.kind === 'later') waitMs = beforeMs;
      // Whoever refuses is asked again with what comes next, not at once with what is left.
      if (outcome.kind === 'refused' && queue.facts.queued > 0) waitMs = limits.firstRetryMs;
    }
    sending = false;
    if (waitMs !== null) {
      restUntilMs = performance.now() + waitMs;
      schedule(waitMs);
    }
    if (queue.facts.queued === 0) for (const done of [...flushers]) done();
  };

  return {
    push(parcel) {
      queue.push(parcel);
      schedule(parcel.urgent ? limits.urgentMs : limits.lingerMs);
    },
    mark(key, reached) {
      queue.mark(key, reached);
      schedule(limits.lingerMs);
    },
    facts: () => ({ ...queue.facts, trouble }),
    async flush(deadlineMs) {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      void pump();
      if (queue.facts.queued === 0) return true;
      let late: NodeJS.Timeout | undefined;
      let done: () => void = () => undefined;
      const emptied = new Promise<boolean>((resolve) => {
        done = () => resolve(true);
        flushers.add(done);
        late = setTimeout(() => resolve(false), deadlineMs);
      });
      const result = await emptied;
      clearTimeout(late);
      flushers.delete(done);
      return result;
    },
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}
