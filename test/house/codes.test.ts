import {
  collectiveOps,
  elementTypes,
  flightEvents,
  flightKinds,
  phaseFacts,
  runnerPhases,
  slotFlags,
} from '@rankscope/schema';
import { expect, test } from 'vitest';
import { textOf } from './tracked-files.ts';

const header = textOf('native/recorder/flight_codes.h');

/** `enum class Name : type { a = 1, b = 2 };` → {a: 1, b: 2}, without the zero that means none. */
function enumOf(name: string): Record<string, number> {
  const body = new RegExp(`enum class ${name} : \\w+ \\{([^}]*)\\}`).exec(header)?.[1] ?? '';
  const pairs = [...body.matchAll(/(\w+) = (\d+)/g)].map(
    ([, key = '', value = '']) => [key.replace(/_$/, ''), Number(value)] as const,
  );
  return Object.fromEntries(pairs.filter(([, value]) => value !== 0));
}

test('C++ and TypeScript write the same numbers into a slot', () => {
  expect(enumOf('Phase')).toEqual(Object.fromEntries(runnerPhases.map((phase) => [phase, phaseFacts[phase].code])));
  expect(enumOf('Kind')).toEqual(flightKinds);
  expect(enumOf('Event')).toEqual(flightEvents);
  expect(enumOf('Op')).toEqual(collectiveOps);
  expect(enumOf('ElementType')).toEqual(elementTypes);
  const flags = [
    ...header.matchAll(/(has_memory|text_cut|rare|point_to_point|in_table|has_attrs|attrs_lost) = (\d+)/g),
  ].map(([, , value]) => Number(value));
  expect(flags).toEqual(Object.values(slotFlags));
});

test('marks, codes and two-letter names of phases are unique', () => {
  const facts = runnerPhases.map((phase) => phaseFacts[phase]);
  for (const key of ['mark', 'short', 'code'] as const)
    expect(new Set(facts.map((fact) => fact[key])).size, key).toBe(facts.length);
});

test('a capital mark waits for peers, and nothing else does', () => {
  for (const phase of runnerPhases) {
    const { mark, class: kind } = phaseFacts[phase];
    expect(/[A-Z]/.test(mark), phase).toBe(kind === 'gate');
  }
});
