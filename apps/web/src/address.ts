/** Widths of the window on offer, in seconds. Any whole number within their range is taken from a link too. */
export const windowChoices = [5, 15, 60, 300, 900, 3600] as const;
export const windowLimits = { minSeconds: 1, maxSeconds: 86_400 } as const;

/** The last moment that a date can be. */
const lastMs = 8.64e15;
const maxIdLength = 128;

/** What is on screen. A link with it shows a colleague the same. */
export interface Address {
  /** `w`: width of the window. */
  readonly windowSeconds: number;
  /** `live`: follows the wall clock, unless 0. */
  readonly live: boolean;
  /** `to`: right edge of a window that does not follow, in milliseconds since 1970. */
  readonly toMs: number | null;
  /** `i`: instance shown; null is the first one there is. */
  readonly instanceId: string | null;
}

const defaultSeconds = 60;

function wholeNumber(text: string, min: number, max: number): number | null {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}

/** Query string → address. Nonsense falls back to the default of its own key and disturbs no other. */
export function parseAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const { minSeconds, maxSeconds } = windowLimits;
  const seconds = /^(\d+)s$/.exec(query.get('w') ?? '')?.[1] ?? '';
  const toMs = wholeNumber(query.get('to') ?? '', 1, lastMs);
  const range = parseGrafanaRange(query);
  const instanceId = query.get('i') ?? '';
  return {
    windowSeconds: wholeNumber(seconds, minSeconds, maxSeconds) ?? range?.windowSeconds ?? defaultSeconds,
    live: range === null ? query.get('live') !== '0' || toMs === null : range.live,
    toMs,
    instanceId: instanceId === '' || instanceId.length > maxIdLength ? null : instanceId,
  };
}

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** The range of a link out of Grafana: `from=now-15m&to=now`, or both in milliseconds since 1970. Null: there is none. */
function parseGrafanaRange(query: URLSearchParams): Pick<Address, 'windowSeconds' | 'live'> | null {
  const [from, to] = [query.get('from') ?? '', query.get('to') ?? ''];
  const [, count, unit = ''] = /^now-(\d{1,9})([smhdw])$/.exec(from) ?? [];
  if (count !== undefined && to === 'now')
    return { windowSeconds: inLimits(Number(count) * (secondsOf[unit] ?? 1)), live: true };
  const [fromMs, toMs] = [wholeNumber(from, 1, lastMs), wholeNumber(to, 1, lastMs)];
  if (fromMs === null || toMs === null || fromMs >= toMs) return null;
  return { windowSeconds: inLimits(Math.ceil((toMs - fromMs) / 1_000)), live: false };
}

function inLimits(seconds: number): number {
  return Math.min(windowLimits.maxSeconds, Math.max(windowLimits.minSeconds, seconds));
}

/** Address → query string with defaults left out. Keys that are not ours stay as they are. */
export function formatAddress(address: Address, search = ''): string {
  const query = new URLSearchParams(search);
  const put = (key: string, value: string | null) => (value === null ? query.delete(key) : query.set(key, value));
  const paused = !address.live && address.toMs !== null;
  put('w', address.windowSeconds === defaultSeconds ? null : `${Math.round(address.windowSeconds)}s`);
  put('live', paused ? '0' : null);
  put('to', paused && address.toMs !== null ? String(Math.round(address.toMs)) : null);
  put('i', address.instanceId);
  // It has been taken in, and would speak against what is on screen from now on.
  put('from', null);
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
