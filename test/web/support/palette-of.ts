import { readFileSync } from 'node:fs';
import { createPalette, type Palette } from '../../../apps/web/src/timeline/palette.ts';

const colors = readFileSync(new URL('../../../apps/web/src/app/colors.css', import.meta.url), 'utf8');

/** The value that a custom property of colors.css has in a theme. */
export function colorOf(variable: string, theme: 'dark' | 'light'): string {
  const value = new RegExp(`^\\s*${variable}:\\s*(.+);`, 'm').exec(colors)?.[1];
  if (value === undefined) throw new Error(`colors.css has no ${variable}`);
  const both = /^light-dark\((#\w{6}|rgba\([^)]*\)),\s*(#\w{6}|rgba\([^)]*\))\)$/.exec(value);
  return (both === null ? value : both[theme === 'light' ? 1 : 2]) ?? value;
}

export function paletteOf(theme: 'dark' | 'light'): Palette {
  return createPalette((variable) => colorOf(variable, theme), { sans: 'sans-serif', mono: 'monospace' });
}
