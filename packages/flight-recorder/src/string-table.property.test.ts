import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contractIdentity } from './flight-writer.contract.ts';
import { readAsVersion1 } from './read-as-version-1.contract.ts';
import { openRingReader } from './ring-reader.ts';
import { openRingWriter } from './ring-writer.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ minLength: 20, maxLength: 40 }),
  fc.string({ unit: 'grapheme', minLength: 800, maxLength: 2500 }),
);
const value = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 50 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.boolean(),
  fc.array(fc.string({ maxLength: 10 }), { maxLength: 4 }),
);
const attrs = fc.oneof(
  fc.constant(undefined),
  fc.dictionary(fc.string({ maxLength: 12 }), value, { maxKeys: 4, noNullPrototype: true }),
);
const entries = fc.array(fc.record({ text, attrs }), { minLength: 1, maxLength: 40 });
const table = fc.constantFrom(0, 128, 1024, 8192, 262_144);

test('whatever is written comes back whole, or as its beginning, marked; and what was lost is counted', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-property-'));
  const path = join(dir, 'runner.ring');
  const run = (
    given: readonly (typeof entries extends fc.Arbitrary<(infer E)[]> ? E : never)[],
    stringsBytes: number,
  ) => {
    const sizes = { rareCount: 4, memoryCount: 4, mainCount: 64, stringsBytes };
    const writer = openRingWriter(path, contractIdentity, sizes);
    for (const one of given) {
      const more = one.attrs === undefined ? {} : { attrs: one.attrs };
      writer.record({ phase: 'error', kind: 'mark', event: 'error', detail: one.text, ...more });
    }
    const reader = openRingReader(path);
    const read = reader.read({ next: 0 }).entries;
    expect(read).toHaveLength(given.length);
    let lost = 0;
    for (const [n, entry] of read.entries()) {
      const expected = given[n] ?? expect.fail('an entry too many');
      // A slot's text ends at a NUL; lone halves of a pair are no characters, and UTF-8 has none of them.
      const whole = expected.text.toWellFormed();
      const got = entry.text ?? '';
      if (!whole.includes('\0')) expect([got === whole, whole.startsWith(got)]).toEqual([!entry.textCut, true]);
      const wanted = Object.keys(expected.attrs ?? {}).length === 0 ? null : expected.attrs;
      expect(entry.attrs).toEqual(entry.attrsLost ? null : wanted);
      if (stringsBytes !== 0 && (entry.textCut || entry.attrsLost)) lost += 1;
      const old = readAsVersion1(path, n);
      if (!whole.includes('\0')) expect([old.text === whole, whole.startsWith(old.text)]).toEqual([!old.cut, true]);
    }
    expect(reader.state().strings?.lost ?? 0).toBe(lost);
    reader.close();
    writer.close(0);
  };
  fc.assert(fc.property(entries, table, run), { numRuns: 150 });
  rmSync(dir, { recursive: true });
});
