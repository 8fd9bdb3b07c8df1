import { runnerPhases } from '@rankscope/schema';
import { describe, expect, test } from 'vitest';
import { phaseColorVars } from '../../apps/web/src/phase-colors.ts';
import { contrastOf } from '../../apps/web/src/timeline/palette.ts';
import { colorOf, paletteOf } from './support/palette-of.ts';

describe.each(['dark', 'light'] as const)('%s theme', (theme) => {
  test('every phase stands out from the panel, and no two are equal', () => {
    const fills = runnerPhases.map((phase) => colorOf(phaseColorVars[phase], theme));
    for (const fill of fills)
      expect(contrastOf(fill, colorOf('--surface-panel', theme)), fill).toBeGreaterThanOrEqual(2.995);
    expect(new Set(fills).size).toBe(runnerPhases.length);
  });

  test('letters on a phase can be read', () => {
    const palette = paletteOf(theme);
    for (const phase of runnerPhases)
      expect(contrastOf(palette.phase(phase), palette.inkOn(phase)), phase).toBeGreaterThanOrEqual(4.5);
  });

  test('text can be read on every surface it stands on', () => {
    for (const ink of ['--text-1', '--text-2', '--text-3', '--warning-text', '--accent-text'])
      for (const surface of ['--surface-canvas', '--surface-panel', '--surface-raised'])
        expect(contrastOf(colorOf(ink, theme), colorOf(surface, theme)), `${ink} on ${surface}`).toBeGreaterThanOrEqual(
          4.5,
        );
    expect(contrastOf(colorOf('--alarm-on-plate', theme), colorOf('--alarm-plate', theme))).toBeGreaterThanOrEqual(7);
  });
});

test('a phase nobody here knows is neutral, not missing', () => {
  expect(paletteOf('dark').phase('speculate')).toBe(colorOf('--border-strong', 'dark'));
});
