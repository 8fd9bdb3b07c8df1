import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Address, formatAddress, parseAddress } from '../../apps/web/src/address.ts';
import { panned, scaleOf, zoomed } from '../../apps/web/src/timeline/view.ts';

const defaults: Address = { windowSeconds: 60, live: true, toMs: null, instanceId: null };
const address = fc.record({
  windowSeconds: fc.integer({ min: 1, max: 86_400 }),
  toMs: fc.option(fc.integer({ min: 1, max: 8_000_000_000_000 })),
  instanceId: fc.option(fc.string({ minLength: 1, maxLength: 128 })),
});

test('an address survives the way into a link and back', () => {
  fc.assert(
    fc.property(address, (parts) => {
      const whole: Address = { ...parts, live: parts.toMs === null };
      expect(parseAddress(formatAddress(whole))).toEqual(whole);
    }),
  );
});

test('defaults leave no trace', () => {
  expect(formatAddress(defaults)).toBe('');
  expect(parseAddress('')).toEqual(defaults);
});

test('nonsense falls back to the default of its own key', () => {
  for (const w of ['0s', '-5s', '60', '1e9s', 'NaNs', '', '<b>'])
    expect(parseAddress(`?w=${encodeURIComponent(w)}&i=a`)).toEqual({ ...defaults, instanceId: 'a' });
  expect(parseAddress('?live=maybe&to=yesterday&w=15s')).toEqual({ ...defaults, windowSeconds: 15 });
  expect(parseAddress('?live=0'), 'paused where? so it follows').toEqual(defaults);
});

test('a link out of Grafana opens its range, and leaves nothing of it behind', () => {
  expect(parseAddress('?from=now-15m&to=now&i=a')).toEqual({ ...defaults, windowSeconds: 900, instanceId: 'a' });
  const paused = { ...defaults, windowSeconds: 90, live: false, toMs: 1_795_559_990_000 };
  expect(parseAddress('?from=1795559900000&to=1795559990000')).toEqual(paused);
  expect(formatAddress(paused, '?from=1795559900000&to=1795559990000')).toBe('?to=1795559990000&w=90s&live=0');
  expect(parseAddress('?from=now-30d&to=now').windowSeconds, 'as wide as there is').toBe(86_400);
  for (const odd of ['?from=now-1d/d&to=now/d', '?from=now-5m&to=now-1m', '?from=9&to=3', '?from=yesterday&to=now'])
    expect(parseAddress(odd), odd).toMatchObject({ windowSeconds: 60, live: true });
});

test('keys of others stay in the address', () => {
  expect(formatAddress({ ...defaults, windowSeconds: 5 }, '?probe=1')).toBe('?probe=1&w=5s');
});

test('zoom keeps the moment under the pointer where it is', () => {
  const view: Address = { ...defaults, live: false, toMs: 1_000_000 };
  const about = 980_000;
  const share = (each: Address) => (about - scaleOf(each, 0, 1).startMs) / (each.windowSeconds * 1000);
  for (const factor of [0.5, 2])
    expect(share({ ...view, ...zoomed(view, 2_000_000, factor, about) })).toBeCloseTo(share(view), 6);
});

test('panning back pauses, panning past the present follows again', () => {
  expect(panned(defaults, 1_000_000, -5000)).toMatchObject({ live: false });
  expect(panned({ ...defaults, live: false, toMs: 990_000 }, 1_000_000, 20_000)).toMatchObject({
    live: true,
    toMs: null,
  });
});
