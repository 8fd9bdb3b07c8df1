import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeSite } from '../../../node/expose/entry-facts.ts';
import { saysItsSite, siteDetail, siteFrame } from './site-detail.ts';

const site = fc.record({
  op: fc.constantFrom('all_sum', 'all_gather', 'send', 'recv'),
  group: fc.nat(3),
  layer: fc.integer({ min: -1, max: 100 }),
  waitingOn: fc.integer({ min: -1, max: 40 }),
});
const ordinal = fc.oneof(fc.constant(-1), fc.nat(2 ** 31), fc.constantFrom(0, 10, 99, 100, 2 ** 32));

test('a site is worded as the node words it', () => {
  fc.assert(
    fc.property(site, ordinal, (one, number) => {
      const frame = siteFrame(one);
      expect(frame).not.toBeNull();
      const worded = describeSite({
        op: one.op === 'send' ? 'send' : one.op === 'recv' ? 'recv' : one.op === 'all_sum' ? 'all_sum' : 'all_gather',
        ordinal: number < 0 ? null : number,
        layer: one.layer < 0 ? null : one.layer,
        peer: one.waitingOn < 0 ? null : one.waitingOn,
        pointToPoint: one.waitingOn >= 0,
        group: one.group,
      });
      expect(frame && siteDetail(frame, number)).toBe(worded);
    }),
  );
});

test('a text says its site when it is the wording of that site, and never otherwise', () => {
  fc.assert(
    fc.property(site, ordinal, fc.nat(60), fc.string({ maxLength: 2 }), (one, number, at, noise) => {
      const frame = siteFrame(one);
      if (frame === null) return;
      const text = siteDetail(frame, number);
      expect(saysItsSite(text, frame, number)).toBe(true);
      const other = text.slice(0, at) + noise + text.slice(at + 1);
      expect(saysItsSite(other, frame, number), other).toBe(other === text);
      expect(saysItsSite(text, frame, number + 1)).toBe(false);
    }),
    { numRuns: 500 },
  );
});

test.for(['all_sum 07', 'all_sum', 'all_sum ', 'all_sum 7 ', 'all_sum 9007199254740993', 'all_sum -7', 'all_sum  7'])(
  '%j is not the wording of collective 7',
  (text) => {
    expect(saysItsSite(text, { before: 'all_sum', after: '' }, 7)).toBe(false);
  },
);

test('outside of a collective there is no wording', () => {
  expect(siteFrame({ op: '', group: 0, layer: 3, waitingOn: -1 })).toBeNull();
  expect(siteFrame({ op: 'all_sum', group: -1, layer: 3, waitingOn: -1 })).toBeNull();
});
