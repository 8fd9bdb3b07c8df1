import { Timestamp } from './timestamp.ts';
import { z } from './zod.ts';

export const Memory = z.object({ inBytes: z.int().nonnegative() }).meta({ id: 'Memory' });
export type Memory = z.infer<typeof Memory>;

/** What MLX's own getters said at one moment; null where this MLX has no such getter. */
export const MlxMemorySnapshot = z
  .object({
    generatedAt: Timestamp,
    active: Memory.nullable(),
    cache: Memory.nullable(),
    peak: Memory.nullable(),
    wiredLimit: Memory.nullable(),
    source: z.string(),
  })
  .meta({ id: 'MlxMemorySnapshot' });
export type MlxMemorySnapshot = z.infer<typeof MlxMemorySnapshot>;
