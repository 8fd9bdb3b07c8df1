import type { Log } from '@rankscope/daemon';
import { type ExpositionFormat, formatExposition, type MetricFamily } from './exposition.ts';
import { createMetricFamilies } from './metric-families.ts';
import type { MetricSource } from './metric-source.ts';

/** Everything that Prometheus is told, read when it asks. */
export interface Metrics {
  text(format: ExpositionFormat): Promise<string>;
}

/** Half of the time after which Prometheus gives a scrape up by itself: what is there should still arrive. */
export const sourceDeadlineMs = 5_000;

export interface MetricsOptions {
  readonly nodeId: string;
  readonly sources: readonly MetricSource[];
  readonly log: Log;
  readonly deadlineMs?: number;
}

/**
 * Asks every source at once. One that is late, or fails, is missing from that scrape and counted in it: a store that
 * hangs must not hide a rank that hangs.
 */
export function createMetrics({ nodeId, sources, log, deadlineMs = sourceDeadlineMs }: MetricsOptions): Metrics {
  /** Names that the log has been told of; one that is well again is forgotten. */
  const told = new Set<string>();

  const take = async (source: MetricSource) => {
    const taken = createMetricFamilies();
    const outcome = await within(deadlineMs, async () => source.collect(taken));
    if (outcome === null) told.delete(source.name);
    else if (!told.has(source.name)) {
      told.add(source.name);
      log.warn('metrics are missing', { source: source.name, reason: outcome });
    }
    return outcome === null ? taken.families() : null;
  };

  return {
    async text(format) {
      const taken = await Promise.all(sources.map(take));
      const own = createMetricFamilies();
      own.set('scrapeLate', { node: nodeId }, taken.filter((families) => families === null).length);
      return formatExposition(merged([...taken.flatMap((families) => families ?? []), ...own.families()]), format);
    },
  };
}

/** Each family once, by name: two rooms may tell of the same metric, and a reader refuses a family that comes twice. */
function merged(families: readonly MetricFamily[]): MetricFamily[] {
  const named = Map.groupBy(families, ({ name }) => name).values();
  return [...named]
    .flatMap(([first, ...more]) =>
      first ? [{ ...first, samples: [first, ...more].flatMap(({ samples }) => samples) }] : [],
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Null when the work was done in time, else what was wrong. */
async function within(deadlineMs: number, work: () => Promise<void>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((done) => {
    timer = setTimeout(() => done(`not there in ${deadlineMs} ms`), deadlineMs);
  });
  try {
    return await Promise.race([work().then(() => null), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
