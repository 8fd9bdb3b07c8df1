import { z } from 'zod';

/** Widths of the window on offer, in seconds. Any whole number within their range is taken from a link too. */
export const windowChoices = [5, 15, 60, 300, 900, 3600] as const;
export const windowLimits = { minSeconds: 1, maxSeconds: 86_400 } as const;

const windowText = z
  .string()
  .regex(/^\d+s$/)
  .transform((text) => Number(text.slice(0, -1)))
  .pipe(z.int().min(windowLimits.minSeconds).max(windowLimits.maxSeconds));

const fields = {
  /** Width of the window. */
  w: windowText.catch(60),
  /** 1 follows the wall clock. */
  live: z
    .enum(['0', '1'])
    .transform((text) => text === '1')
    .catch(true),
  /** Right edge of a window that does not follow, in milliseconds since 1970. */
  to: z.coerce.number<string>().int().min(1).max(8.64e15).nullable().catch(null),
  /** Instance shown; null is the first one there is. */
  i: z.string().min(1).max(128).nullable().catch(null),
};

/** What is on screen. A link with it shows a colleague the same. */
export interface Address {
  readonly windowSeconds: number;
  readonly live: boolean;
  readonly toMs: number | null;
  readonly instanceId: string | null;
}

/** Query string → address. Nonsense falls back to the default of its own key and disturbs no other. */
export function parseAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const toMs = fields.to.parse(query.get('to'));
  return {
    windowSeconds: fields.w.parse(query.get('w') ?? undefined),
    live: fields.live.parse(query.get('live') ?? undefined) || toMs === null,
    toMs,
    instanceId: fields.i.parse(query.get('i')),
  };
}

/** Address → query string with defaults left out. Keys that are not ours stay as they are. */
export function formatAddress(address: Address, search = ''): string {
  const query = new URLSearchParams(search);
  const put = (key: keyof typeof fields, value: string | null) =>
    value === null ? query.delete(key) : query.set(key, value);
  const paused = !address.live && address.toMs !== null;
  put('w', address.windowSeconds === 60 ? null : `${Math.round(address.windowSeconds)}s`);
  put('live', paused ? '0' : null);
  put('to', paused && address.toMs !== null ? String(Math.round(address.toMs)) : null);
  put('i', address.instanceId);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
