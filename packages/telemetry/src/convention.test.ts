import { readFileSync } from 'node:fs';
import {
  logEvents,
  lostSpanErrors,
  rankAttributes,
  serviceIdNamespace,
  serviceNames,
  spanAttributes,
  spanStates,
} from '@rankscope/schema';
import { expect, test } from 'vitest';
import { defaultSpanRules } from './spans/span-rules.ts';

const page = readFileSync(new URL('../CONVENTION.md', import.meta.url), 'utf8');

test('the convention page names everything that is sent', () => {
  // Said once each, or as the last part of a name that stands beside others of its kind.
  const names = [...Object.values(rankAttributes), ...Object.values(spanAttributes), ...Object.values(serviceNames)];
  const said = (name: string) => page.includes(`\`${name}\``) || page.includes(`\`.${name.split('.').at(-1)}\``);
  const untold = new Set<string>([spanAttributes.finishReason]);
  expect(names.filter((name) => !said(name) && !untold.has(name))).toEqual([]);
  const { verdict: _, ...told } = logEvents;
  for (const word of [...Object.values(told), ...Object.values(spanStates), ...lostSpanErrors, serviceIdNamespace])
    expect(page, word).toContain(`\`${word}\``);
});

test('the convention page says how much is sent, as it is', () => {
  const { wholeFromMs, sampleOneIn, phasesPerSecond, phasesAtOnce, stallAfterMs } = defaultSpanRules;
  const words = page.replaceAll(/\s+/g, ' ');
  expect(words).toContain(`a phase of at least ${wholeFromMs} ms, and of the shorter ones one in ${sampleOneIn}.`);
  expect(words).toContain(`${phasesPerSecond} phases a second, ${phasesAtOnce} at once`);
  expect(words).toContain(`due at ${stallAfterMs / 1000}, 10, 20, 40, 80 s, then once a minute`);
});
