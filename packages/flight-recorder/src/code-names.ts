import { collectiveOps, elementTypes, flightEvents, flightKinds, phaseFacts } from '@rankscope/schema';

/** Names of the small numbers in a slot. One we do not know is kept as `<prefix>_<n>`: a newer writer is no error. */
function namesOf(prefix: string, codes: Record<string, number>): (code: number) => string {
  const names: string[] = [];
  for (const [name, code] of Object.entries(codes)) names[code] = name;
  return (code) => names[code] ?? `${prefix}_${code}`;
}

const phaseCodes = Object.fromEntries(Object.entries(phaseFacts).map(([phase, facts]) => [phase, facts.code]));

export const phaseName = namesOf('phase', phaseCodes);
export const kindName = namesOf('kind', flightKinds);
export const eventName = namesOf('event', flightEvents);
const opNameOf = namesOf('op', collectiveOps);
const elementTypeNameOf = namesOf('dtype', elementTypes);

/** Null: no collective. */
export const opName = (code: number): string | null => (code === 0 ? null : opNameOf(code));
/** Null: no element type. */
export const elementTypeName = (code: number): string | null => (code === 0 ? null : elementTypeNameOf(code));
