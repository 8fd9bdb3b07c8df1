import type { Brush } from './brush.ts';
import type { Palette } from './palette.ts';

export interface Plate {
  readonly text: string;
  readonly x: number;
  readonly middle: number;
  readonly align: 'left' | 'right' | 'center';
  /** Right edge that the plate must not cross. */
  readonly within?: number;
  readonly strong?: boolean;
}

const padding = 6;
const height = 18;

export function plateWidth(brush: Brush, text: string, palette: Palette, strong = false): number {
  brush.font = `${strong ? 600 : 400} 12px ${palette.sans}`;
  return Math.ceil(brush.measureText(text).width) + 2 * padding;
}

/** The longest of the texts that fits, or null. */
export function fittingText(
  brush: Brush,
  texts: readonly string[],
  roomPx: number,
  palette: Palette,
  strong = false,
): string | null {
  return texts.find((text) => plateWidth(brush, text, palette, strong) <= roomPx) ?? null;
}

/** Text on a lane always stands on a plate. One that would cross the edge is moved back inside; returns its left edge. */
export function paintPlate(brush: Brush, plate: Plate, fill: string, ink: string, palette: Palette): number {
  const { text, x, middle, align, within, strong = false } = plate;
  const width = plateWidth(brush, text, palette, strong);
  const wanted = align === 'left' ? x : align === 'right' ? x - width : x - width / 2;
  const left = Math.round(Math.max(2, within === undefined ? wanted : Math.min(wanted, within - width - 4)));
  brush.fillStyle = fill;
  brush.fillRect(left, Math.round(middle - height / 2), width, height);
  brush.fillStyle = ink;
  brush.textAlign = 'center';
  brush.textBaseline = 'middle';
  brush.fillText(text, left + width / 2, Math.round(middle) + 0.5);
  return left;
}
