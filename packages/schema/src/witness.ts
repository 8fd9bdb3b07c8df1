import { z } from './zod.ts';

/**
 * What a node sees of a rank from outside, sampled for every rank that has made no progress for a second. It settles
 * what ordinals cannot: a rank stopped inside a collective looks like its peers.
 */
export const Witness = z
  .object({
    /** As /proc has it: R running, S sleeping, D uninterruptible, T stopped, t traced, Z dead and not reaped. */
    processState: z.enum(['R', 'S', 'D', 'T', 't', 'Z', 'X', 'I', '?']),
    /** Seconds for which the process has been in that state without a break, as far as it was watched. */
    stateSeconds: z.number().nonnegative(),
    /** CPU of the engine thread over the last second, in cores; null where the thread is not known. */
    engineCpu: z.number().nonnegative().nullable(),
    /** One row a socket of the rank's ring. */
    sockets: z.array(
      z.object({
        peer: z.string(),
        /** Bytes that arrived and that the rank has not read. */
        unreadBytes: z.int().nonnegative(),
        /** Bytes that the rank has written and the peer has not acknowledged. */
        unsentBytes: z.int().nonnegative(),
      }),
    ),
  })
  .meta({ id: 'Witness' });
export type Witness = z.infer<typeof Witness>;
