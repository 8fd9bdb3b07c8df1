import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contractIdentity } from './flight-writer.contract.ts';
import { openRingReader, type RingCursor } from './ring-reader.ts';
import { openRingWriter } from './ring-writer.ts';

const sizes = { rareCount: 4, memoryCount: 4, mainCount: 32 };

const step = fc.oneof(
  fc.record({
    kind: fc.constant('write' as const),
    count: fc.integer({ min: 1, max: 90 }),
    rareEvery: fc.integer({ min: 1, max: 40 }),
  }),
  fc.record({ kind: fc.constant('read' as const), limit: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constant('restart' as const) }),
);

test('however writes and reads alternate, each surviving entry is read exactly once and dropped is the rest', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-property-'));
  const path = join(dir, 'runner.ring');
  const run = (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
    const writer = openRingWriter(path, contractIdentity, sizes);
    let reader = openRingReader(path);
    let cursor: RingCursor = { next: 0 };
    const rare: number[] = [];
    let written = 0;
    let given = 0;
    let dropped = 0;

    const readAndCompare = (limit: number) => {
      const oldest = Math.max(cursor.next, written - sizes.mainCount);
      const kept = rare.slice(-sizes.rareCount).filter((n) => n >= cursor.next && n < oldest);
      const surviving = [...kept, ...Array.from({ length: written - oldest }, (_, i) => oldest + i)];
      const read = reader.read(cursor, { limit });
      expect(read.entries.map((entry) => entry.n)).toEqual(surviving.slice(0, limit));
      expect(read.entries.every((entry) => entry.a === entry.n)).toBe(true);
      given += read.entries.length;
      dropped += read.dropped;
      cursor = read.cursor;
      expect(given + dropped).toBe(cursor.next);
      expect(read.torn).toBe(0);
    };

    for (const taken of steps) {
      if (taken.kind === 'read') readAndCompare(taken.limit);
      else if (taken.kind === 'restart') {
        reader.close();
        reader = openRingReader(path);
      } else {
        for (let i = 0; i < taken.count; i += 1) {
          const isRare = written % taken.rareEvery === 0;
          writer.record({ phase: 'decode_stream', kind: 'mark', event: 'progress', a: written, rare: isRare });
          if (isRare) rare.push(written);
          written += 1;
        }
      }
    }
    readAndCompare(1000);
    expect(given + dropped).toBe(written);
    reader.close();
    writer.close(0);
  };
  fc.assert(fc.property(fc.array(step, { maxLength: 25 }), run), { numRuns: 200 });
  rmSync(dir, { recursive: true });
});
