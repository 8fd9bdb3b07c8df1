import { runnerPhases } from '@rankscope/schema';
import { colorVarOf, phaseColorVars } from '../phase-colors.ts';

const names = {
  panel: '--surface-panel',
  canvas: '--surface-canvas',
  raised: '--surface-raised',
  sunken: '--surface-sunken',
  border: '--border',
  weak: '--border-weak',
  strong: '--border-strong',
  ink: '--text-1',
  ink2: '--text-2',
  ink3: '--text-3',
  plate: '--alarm-plate',
  onPlate: '--alarm-on-plate',
  halo: '--alarm-halo',
  hatch: '--hatch-line',
  warning: '--warning-text',
  active: '--memory-active',
  cache: '--memory-cache',
  peak: '--memory-peak',
  limit: '--memory-limit',
} as const;

/** The colours of the theme in force, as the canvas needs them, and the two faces. */
export type Palette = Record<keyof typeof names, string> & {
  readonly phase: (phase: string) => string;
  /** Black or white, whichever can be read on the phase's fill. */
  readonly inkOn: (phase: string) => string;
  readonly sans: string;
  readonly mono: string;
};

/** Relative luminance by WCAG of an `rgb(r, g, b)` or `#rrggbb`. */
export function luminanceOf(color: string): number {
  const parts = color.startsWith('#')
    ? [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
    : (color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
  const [red = 0, green = 0, blue = 0] = parts.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrastOf(a: string, b: string): number {
  const [high = 0, low = 0] = [luminanceOf(a), luminanceOf(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

/** Builds the palette from any source of custom properties: the page's styles, or a table in a test. */
export function createPalette(readValue: (variable: string) => string, fonts: { sans: string; mono: string }): Palette {
  const surfaces = Object.fromEntries(Object.entries(names).map(([key, variable]) => [key, readValue(variable)]));
  const fills = new Map(runnerPhases.map((phase) => [phaseColorVars[phase], readValue(phaseColorVars[phase])]));
  const unknown = readValue('--border-strong');
  const fillOf = (phase: string) => fills.get(colorVarOf(phase)) ?? unknown;
  const inks = new Map(
    [...fills.values(), unknown].map((fill) => [
      fill,
      contrastOf(fill, '#000000') >= contrastOf(fill, '#ffffff') ? '#000000' : '#ffffff',
    ]),
  );
  return {
    ...(surfaces as Record<keyof typeof names, string>),
    ...fonts,
    phase: fillOf,
    inkOn: (phase) => inks.get(fillOf(phase)) ?? '#ffffff',
  };
}

/**
 * Reads the palette of the page. A custom property computes to its own text (`light-dark(…)`), so each is put on a
 * probe element as its colour and read back resolved.
 */
export function readPalette(root: HTMLElement): Palette {
  const probe = document.createElement('span');
  probe.hidden = true;
  root.append(probe);
  const styles = getComputedStyle(root);
  const readValue = (variable: string) => {
    probe.style.color = `var(${variable})`;
    return getComputedStyle(probe).color;
  };
  const palette = createPalette(readValue, {
    sans: styles.getPropertyValue('--font-sans').trim(),
    mono: styles.getPropertyValue('--font-mono').trim(),
  });
  probe.remove();
  return palette;
}
