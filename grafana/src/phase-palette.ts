import type { ValueMap } from '@grafana/grafana-foundation-sdk/dashboard';
import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard';
import { phaseFacts, type RunnerPhase, runnerPhases } from '@rankscope/schema';

export type PhasePalette = Readonly<Record<RunnerPhase, string>>;

/** The explorer's own colours of its dark theme, out of its style sheet: a phase looks the same in both places. */
export function readPhasePalette(css: string): PhasePalette {
  const colorOf = (phase: RunnerPhase): string => {
    const variable = `--phase-${phase.replaceAll('_', '-')}`;
    const color = new RegExp(`${variable}: light-dark\\(#\\w+, (#\\w+)\\);`).exec(css)?.[1];
    if (color === undefined) throw new Error(`colors.css has no ${variable} in two themes`);
    return color;
  };
  return Object.fromEntries(runnerPhases.map((phase) => [phase, colorOf(phase)])) as PhasePalette;
}

/** Numbers of phases, as a timeline has them, to names and colours. */
export function phasesByNumber(palette: PhasePalette): ValueMap {
  return mapOf(runnerPhases.map((phase) => [String(phaseFacts[phase].code), phase, palette[phase]]));
}

/** Names of phases, as a table has them, to colours. */
export function phasesByName(palette: PhasePalette): ValueMap {
  return mapOf(runnerPhases.map((phase) => [phase, phase, palette[phase]]));
}

function mapOf(rows: readonly (readonly [key: string, text: string, color: string])[]): ValueMap {
  const options = Object.fromEntries(rows.map(([key, text, color], index) => [key, { text, color, index }]));
  return { type: MappingType.ValueToText, options };
}
