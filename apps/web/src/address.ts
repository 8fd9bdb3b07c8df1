import * as z from 'zod/mini';

/** Widths of the window on offer, in seconds. Any whole number within their range is taken from a link too. */
export const windowChoices = [5, 15, 60, 300, 900, 3600] as const;
export const windowLimits = { minSeconds: 1, maxSeconds: 86_400 } as const;

// zod/mini: this file is all that a page needs of zod. No object schema is made here, so nothing tries to compile code.
const windowText = z.pipe(
  z.pipe(
    z.string().check(z.regex(/^\d+s$/)),
    z.transform((text) => Number(text.slice(0, -1))),
  ),
  z.int().check(z.minimum(windowLimits.minSeconds), z.maximum(windowLimits.maxSeconds)),
);

const fields = {
  /** Width of the window. */
  w: z.catch(windowText, 60),
  /** 1 follows the wall clock. */
  live: z.catch(
    z.pipe(
      z.enum(['0', '1']),
      z.transform((text) => text === '1'),
    ),
    true,
  ),
  /** Right edge of a window that does not follow, in milliseconds since 1970. */
  to: z.catch(
    z.nullable(
      z.pipe(
        z.pipe(
          z.string().check(z.regex(/^\d+$/)),
          z.transform((text) => Number(text)),
        ),
        z.int().check(z.minimum(1), z.maximum(8.64e15)),
      ),
    ),
    null,
  ),
  /** Instance shown; null is the first one there is. */
  i: z.catch(z.nullable(z.string().check(z.minLength(1), z.maxLength(128))), null),
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
