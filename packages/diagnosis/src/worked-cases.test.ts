import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterTimeline } from '@rankscope/schema';
import { describe, expect, test } from 'vitest';
import { diagnose } from './diagnose.ts';
import { explain } from './explain.ts';
import { inputOfTimeline } from './timeline-input.ts';
import { emptyMemory } from './window.ts';

interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly input: unknown;
  readonly expected: {
    readonly code: string;
    readonly culprits: readonly number[];
    readonly suspects?: readonly number[];
    readonly confidence?: string;
    readonly notes?: readonly string[];
    readonly instance?: string;
  };
}

const file = join(import.meta.dirname, '../../../test/sim/cases/diagnosis.json');
const { scenarios } = JSON.parse(readFileSync(file, 'utf8')) as { scenarios: readonly Scenario[] };

describe('the worked cases', () => {
  test.each(scenarios)('$id $title', ({ input, expected }) => {
    const { verdicts } = diagnose(inputOfTimeline(ClusterTimeline.parse(input)), emptyMemory);
    const told = verdicts.find(({ instanceId }) => expected.instance === undefined || instanceId === expected.instance);
    expect(told?.code).toBe(expected.code);
    expect(told?.culprits.map(({ rank }) => rank)).toEqual(expected.culprits);
    if (expected.suspects) expect(told?.suspects.map(({ rank }) => rank)).toEqual(expected.suspects);
    if (expected.confidence) expect(told?.confidence).toBe(expected.confidence);
    expect(told?.annotations).toEqual(expect.arrayContaining([...(expected.notes ?? [])]));
    if (told) expect(explain(told)[0]).toContain(told.sentence);
  });
});
