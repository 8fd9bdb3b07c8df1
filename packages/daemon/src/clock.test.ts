import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createClock } from './clock.ts';

test('wall time never goes back, whatever the machine clock does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ forwardNs: fc.bigInt(0n, 10n ** 12n), wallNs: fc.bigInt(0n, 2n ** 62n) })),
      (steps) => {
        let mono = 5n;
        let wall = 10n ** 18n;
        const clock = createClock({ monoNs: () => mono, wallNs: () => wall });
        let last = clock.wallNs();
        for (const step of steps) {
          mono += step.forwardNs;
          wall = step.wallNs;
          const now = clock.wallNs();
          expect(now - last).toBe(step.forwardNs);
          expect(clock.wallAtNs(mono)).toBe(now);
          last = now;
        }
      },
    ),
  );
});

test('the system clock says about what Date says', () => {
  const differenceMs = Number(createClock().wallNs() / 1_000_000n) - Date.now();
  expect(Math.abs(differenceMs)).toBeLessThan(1_000);
});
