/** Reports whose answers wait for news. */
export interface HeldReports {
  /** Until there is news, the hold is over, the node reports again, or it has gone away. */
  hold(nodeId: string, signal: AbortSignal): Promise<void>;
  /** There is news for everybody. */
  wake(): void;
  /** Answers all at once, and from now on everybody without delay. */
  close(): void;
}

/**
 * News within one such moment is told in one answer: when a whole cluster is switched on, every node's coming is news
 * for all the others. An answer to one of 256 nodes takes a millisecond or two, so that telling them all, over and over,
 * leaves more than half of a core to others.
 */
const leastSettleMs = 100;
const settleMsPerNode = 4;

export function createHeldReports({ holdMs }: { readonly holdMs: number }): HeldReports {
  const releases = new Map<string, () => void>();
  let waking: NodeJS.Timeout | undefined;
  let closed = false;

  const releaseAll = () => {
    for (const release of releases.values()) release();
  };
  return {
    hold(nodeId, signal) {
      releases.get(nodeId)?.();
      if (closed || signal.aborted) return Promise.resolve();
      return new Promise((done) => {
        const release = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', release);
          if (releases.get(nodeId) === release) releases.delete(nodeId);
          done();
        };
        const timer = setTimeout(release, holdMs);
        signal.addEventListener('abort', release, { once: true });
        releases.set(nodeId, release);
      });
    },
    wake() {
      waking ??= setTimeout(
        () => {
          waking = undefined;
          releaseAll();
        },
        Math.max(leastSettleMs, settleMsPerNode * releases.size),
      );
    },
    close() {
      closed = true;
      clearTimeout(waking);
      releaseAll();
    },
  };
}
