import type { ClusterTimeline, MlxMemorySnapshot } from '@rankscope/schema';

/** What MLX said of its memory at one moment, in bytes. Null where it does not say. */
export interface MemorySample {
  readonly ms: number;
  readonly active: number | null;
  readonly cache: number | null;
  readonly peak: number | null;
  readonly limit: number | null;
}

/** A rank that tells its memory every second is remembered for half an hour. */
const maxSamples = 2000;

/** Per runner, oldest first. Reports bring the newest snapshot only, so those that were seen are kept. */
export function createMemoryKeeper(): (timeline: ClusterTimeline) => ReadonlyMap<string, readonly MemorySample[]> {
  const kept = new Map<string, readonly MemorySample[]>();
  return ({ timeline, runners }) => {
    const told = [...timeline, ...runners.map(({ runnerId, lastMlxMemory: mlxMemory }) => ({ runnerId, mlxMemory }))];
    const fresh = Map.groupBy(
      told.flatMap(({ runnerId, mlxMemory }) => (mlxMemory === null ? [] : [{ runnerId, ...sampleOf(mlxMemory) }])),
      ({ runnerId }) => runnerId,
    );
    for (const [runnerId, samples] of fresh) {
      const known = kept.get(runnerId) ?? [];
      const times = new Set(known.map(({ ms }) => ms));
      const added = new Map(samples.filter(({ ms }) => !times.has(ms)).map((sample) => [sample.ms, sample]));
      if (added.size === 0) continue;
      kept.set(runnerId, [...known, ...added.values()].sort((a, b) => a.ms - b.ms).slice(-maxSamples));
    }
    return new Map(kept);
  };
}

function sampleOf({ generatedAt, active, cache, peak, wiredLimit }: MlxMemorySnapshot): MemorySample {
  const bytes = (size: { inBytes: number } | null) => size?.inBytes ?? null;
  return {
    ms: Date.parse(generatedAt),
    active: bytes(active),
    cache: bytes(cache),
    peak: bytes(peak),
    limit: bytes(wiredLimit) || null,
  };
}
