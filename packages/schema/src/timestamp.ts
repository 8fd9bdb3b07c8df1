import { z } from './zod.ts';

/**
 * RFC 3339 as telemetry brings it: `Z` or an offset, with or without a fraction (foreign recorders differ).
 * What we write is always UTC with six digits and `Z`; see `timestamp-text.ts`.
 */
export const Timestamp = z.iso.datetime({ offset: true });
