import { z } from './zod.ts';

/** The site in which a rank stands now: a collective that it has entered and not left. */
export const OpenSite = z
  .object({
    op: z.string(),
    group: z.int(),
    /** Ordinal of the collective in its group; of a send or receive, per peer and direction. */
    barrierSeq: z.int(),
    layer: z.int().nullable(),
    /** The other rank of a send or receive. */
    peer: z.int().nullable(),
    seconds: z.number(),
  })
  .meta({ id: 'OpenSite' });
export type OpenSite = z.infer<typeof OpenSite>;

/** What Rankscope knows of a runner beyond the published shapes; a foreign node has none of it. */
export const RunnerExtras = z.object({
  attempt: z.int(),
  /** Seconds since the newest entry, on the node's own monotonic clock; null when there is none. */
  secondsSinceProgress: z.number().nullable(),
  openSite: OpenSite.nullable(),
  /** Ordinal of the last collective of group 0 that the rank left; null before the first. */
  lastLeft: z.int().nullable(),
  ringFirstSeq: z.int().nullable(),
  ringLastSeq: z.int().nullable(),
  /** Entries overwritten before anyone read them. */
  dropped: z.int(),
  /** Slots whose writer died or stopped inside them. */
  torn: z.int(),
  /** Seconds since the process's watchdog thread, and since its JavaScript loop, last said that they run. */
  secondsSinceHeartbeat: z.number().nullable(),
  secondsSinceLoop: z.number().nullable(),
  exitSignal: z.string().nullable(),
  errorMessage: z.string().nullable(),
});
export type RunnerExtras = z.infer<typeof RunnerExtras>;
