/** Where a text stops being JSON. */
export interface JsonFault {
  readonly position: number;
  readonly line: number;
  readonly column: number;
}

/**
 * Finds the first character that no JSON text could have there; null for JSON.
 *
 * V8's message names a position in some cases only, and which ones has changed between versions.
 */
export function findJsonFault(text: string): JsonFault | null {
  const position = scan(text);
  if (position === null) return null;
  const before = text.slice(0, position).split('\n');
  return { position, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const space = /[ \t\n\r]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** What may come next; a stack of open brackets instead of recursion, because a body may hold a million of them. */
type Expect = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end';

function scan(text: string): number | null {
  const open: string[] = [];
  let at = 0;
  let expect: Expect = 'value';
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found !== null && found[0].length > 0;
  };
  const skipString = (): boolean => {
    const end = endOfString(text, at);
    if (end.whole) at = end.at;
    return end.whole;
  };
  while (true) {
    skip(space);
    const char = text[at];
    if (expect === ', or end') {
      if (open.length === 0) return at === text.length ? null : at;
      if (char === open.at(-1)) {
        open.pop();
        at += 1;
        continue;
      }
      if (char !== ',') return at;
      expect = open.at(-1) === '}' ? 'key' : 'value';
      at += 1;
    } else if (expect === ':') {
      if (char !== ':') return at;
      expect = 'value';
      at += 1;
    } else if ((expect === 'value or ]' && char === ']') || (expect === 'key or }' && char === '}')) {
      open.pop();
      at += 1;
      expect = ', or end';
    } else if (expect === 'key' || expect === 'key or }') {
      if (!skipString()) return at;
      expect = ':';
    } else if (char === '{' || char === '[') {
      open.push(char === '{' ? '}' : ']');
      at += 1;
      expect = char === '{' ? 'key or }' : 'value or ]';
    } else {
      if (!skipString() && !skip(scalar)) return at;
      expect = ', or end';
    }
  }
}

const escaped = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/;

/** By hand: a pattern with a star over a string of megabytes overflows the stack of the engine that matches it. */
function endOfString(text: string, start: number): { whole: boolean; at: number } {
  if (text[start] !== '"') return { whole: false, at: start };
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '"') return { whole: true, at: at + 1 };
    if (char < ' ') break;
    if (char !== '\\') continue;
    const found = escaped.exec(text.slice(at, at + 6));
    if (!found) break;
    at += found[0].length - 1;
  }
  return { whole: false, at: start };
}
