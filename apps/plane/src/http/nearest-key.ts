/** The known key that a misspelt one was probably meant to be; null when none is near. */
export function nearestKey(key: string, known: readonly string[]): string | null {
  const scored = known.map((name) => ({ name, distance: distanceOf(key.toLowerCase(), name.toLowerCase()) }));
  const best = scored.sort((a, b) => a.distance - b.distance)[0];
  // Half the letters may be wrong; beyond that a guess misleads.
  return best && best.distance <= Math.max(1, Math.floor(Math.max(key.length, best.name.length) / 2))
    ? best.name
    : null;
}

/** Levenshtein's distance, one row at a time. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
