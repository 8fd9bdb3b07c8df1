import { isGate } from '@rankscope/schema';
import { colorVarOf } from '../phase-colors.ts';

/** A phase's colour as on the lanes, hatch included. Attributes, no inline style: the policy allows none. */
export function Swatch({ phase, size = 10 }: { readonly phase: string; readonly size?: number }) {
  return (
    <svg viewBox="0 0 14 10" width={size * 1.4} height={size} className="shrink-0" aria-hidden="true">
      <rect width="14" height="10" rx="1" fill={`var(${colorVarOf(phase)})`} />
      {isGate(phase) && <path d="M-2 10 8-0M3 12 15 0M9 12 17 4" stroke="var(--hatch-line)" strokeWidth="2" />}
    </svg>
  );
}
