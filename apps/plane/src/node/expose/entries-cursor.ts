import { createHash } from 'node:crypto';

/** Where a reader is in every recorder of a node: number of the next entry by the recorder's short name. */
export type EntriesCursor = ReadonlyMap<string, number>;

const version = 'e1';
const nameLength = 8;
const shape = new RegExp(`^${version}(\\.[\\w-]{${nameLength}}[0-9a-z]{1,11})*$`);

/**
 * Names a ring in few letters: the cursor of a node that keeps the recorders of eight runs of sixteen ranks has 256 of
 * them and travels in a URL. 48 bits of a digest; `ring` tells the file from any other one of the same runner.
 */
export function shortRingName(ring: string, recorder: string): string {
  return createHash('sha256').update(`${ring}/${recorder}`).digest('base64url').slice(0, nameLength);
}

export function formatEntriesCursor(cursor: EntriesCursor): string {
  return [version, ...[...cursor].map(([name, next]) => name + next.toString(36))].join('.');
}

/** Null: not a cursor that a node gave out. The empty text is the beginning. */
export function parseEntriesCursor(text: string): EntriesCursor | null {
  if (text === '') return new Map();
  if (!shape.test(text)) return null;
  const places = text.split('.').slice(1);
  return new Map(places.map((place) => [place.slice(0, nameLength), Number.parseInt(place.slice(nameLength), 36)]));
}
