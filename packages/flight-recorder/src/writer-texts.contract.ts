import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attrs } from '@rankscope/schema';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FlightRecord, FlightWriter, RingSizes } from './flight-writer.ts';
import { readAsVersion1 } from './read-as-version-1.contract.ts';
import { openRingReader, type RingReader } from './ring-reader.ts';

const slots = { rareCount: 8, memoryCount: 8, mainCount: 64 };
const sentence = 'The ranks were not connected within 20000 ms: rank 1 (10.0.0.7:5001) never came.';
const attrs: Attrs = { exitCode: 11, ratio: 0.25, wanted: true, signal: 'SIGKILL', links: ['10.0.0.7', 'ünï'] };

/** What every writer does with texts and attributes that fit no slot. */
export function describeWriterTexts(open: (path: string, sizes: RingSizes) => FlightWriter): void {
  describe('texts and attributes', () => {
    let dir: string;
    let writer: FlightWriter;
    let reader: RingReader;

    const reopen = (stringsBytes?: number) => {
      reader?.close();
      writer?.close(0);
      writer = open(join(dir, 'runner.ring'), { ...slots, ...(stringsBytes === undefined ? {} : { stringsBytes }) });
      reader = openRingReader(writer.path);
    };
    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), 'rankscope-texts-'));
      reopen();
    });
    afterEach(() => {
      reader.close();
      writer.close(0);
      rmSync(dir, { recursive: true });
    });

    const mark = (more: Partial<FlightRecord>) =>
      writer.record({ phase: 'error', kind: 'mark', event: 'error', ...more });
    const details = () => reader.read({ next: 0 }).entries.map(({ text, textCut }) => [text, textCut]);
    const newest = () => {
      const [entry] = reader.newest(1).entries;
      const { text, textCut, attrs, attrsLost } = entry ?? expect.fail('no entry');
      return { text, textCut, attrs, attrsLost };
    };
    const strings = () => reader.state().strings ?? expect.fail('no table');

    test('a text of any length up to 4096 bytes comes back whole', () => {
      const x = (count: number) => 'x'.repeat(count);
      const texts = [
        ...[x(27), x(28), x(32), x(33), sentence, x(4096)],
        ...[`${x(26)}é tail, long enough`, `${x(25)}🦊 tail, long enough`, `${x(31)}é`, 'é'.repeat(2048)],
        `ends\0not here, because the table knows how long it is`,
      ];
      for (const detail of texts) mark({ detail });
      expect(details()).toEqual(texts.map((text) => [text, false]));
      expect(strings().lost).toBe(0);
    });

    test('a text of more than 4096 bytes is cut at a character, marked and counted', () => {
      for (const detail of ['x'.repeat(4097), `${'x'.repeat(4095)}é`, 'é'.repeat(5000)]) mark({ detail });
      expect(details()).toEqual([
        ['x'.repeat(4096), true],
        ['x'.repeat(4095), true],
        ['é'.repeat(2048), true],
      ]);
      expect(strings().lost).toBe(3);
    });

    test('attributes come back, with every kind of text and with memory', () => {
      for (const detail of ['', 'short', 'x'.repeat(27), 'x'.repeat(28), 'x'.repeat(32), sentence]) {
        mark({ detail, attrs });
        expect(newest()).toEqual({ text: detail === '' ? null : detail, textCut: false, attrs, attrsLost: false });
      }
      mark({ attrs });
      expect(newest()).toMatchObject({ text: null, attrs });
      mark({ attrs, detail: 'short', memory: { active: 1, cache: 2, peak: 3, wiredLimit: null, source: 'mlx.core' } });
      expect(newest()).toMatchObject({ text: 'short', attrs });
      expect(reader.newest(1).entries[0]?.memory).not.toBeNull();
      mark({ detail: sentence, attrs: {} });
      expect(newest()).toMatchObject({ text: sentence, attrs: null, attrsLost: false });
      mark({ detail: 'short' });
      expect(newest(), 'and no entry has those of another').toMatchObject({ attrs: null, attrsLost: false });
    });

    test('an entry with attributes keeps its other fields', () => {
      const given = { op: 'all_sum', group: 3, barrierSeq: 8, layer: 2, peer: 1, a: 9, b: 10, cell: 1 } as const;
      mark({ ...given, dtype: 'float16', pointToPoint: true, rare: true, detail: sentence, attrs });
      const [entry] = reader.newest(1).entries;
      expect(entry).toMatchObject({ ...given, dtype: 'float16', pointToPoint: true, rare: true, text: sentence });
    });

    test('a rare entry that traffic pushed out has its whole text', () => {
      mark({ detail: sentence, attrs, rare: true });
      for (let a = 0; a < 500; a += 1) mark({ a });
      expect(reader.read({ next: 0 }).entries[0]).toMatchObject({ n: 0, text: sentence, attrs });
    });

    test('the same is kept once, and what fits its slot is not kept at all', () => {
      for (let i = 0; i < 50; i += 1) mark({ detail: 'x'.repeat(32) });
      const empty = strings().used;
      mark({ detail: sentence });
      const afterOne = strings().used;
      for (let i = 0; i < 50; i += 1) mark({ detail: sentence });
      expect([empty, strings().used]).toEqual([64, afterOne]);
      mark({ detail: sentence, attrs });
      const both = strings().used;
      mark({ detail: sentence, attrs });
      expect(strings().used).toBe(both);
      expect(both).toBeGreaterThan(afterOne);
    });

    test('in a full table texts are cut as they always were, attributes are lost, and both is marked and counted', () => {
      reopen(512);
      const texts = Array.from({ length: 20 }, (_, i) => `${i} ${sentence}`);
      for (const detail of texts) mark({ detail });
      const read = details();
      const whole = read.filter(([, cut]) => cut === false).length;
      expect(whole).toBe(Math.floor((512 - 64) / 96));
      expect(read.slice(0, whole)).toEqual(texts.slice(0, whole).map((text) => [text, false]));
      expect(read.slice(whole)).toEqual(texts.slice(whole).map((text) => [text.slice(0, 32), true]));
      expect(strings()).toMatchObject({ bytes: 512, lost: 20 - whole });
      mark({ detail: 'y'.repeat(32), attrs: { long: 'x'.repeat(100) } });
      expect(newest()).toEqual({ text: 'y'.repeat(32), textCut: false, attrs: null, attrsLost: true });
      mark({ detail: texts[0] ?? '' });
      expect(newest(), 'what is there needs no room').toMatchObject({ text: texts[0], textCut: false });
      expect(strings().lost).toBe(20 - whole + 1);
    });

    test('attributes of more than 4096 bytes are lost and marked, and the text is kept', () => {
      mark({ detail: sentence, attrs: { long: 'é'.repeat(2048) } });
      expect(newest()).toEqual({ text: sentence, textCut: false, attrs: null, attrsLost: true });
      mark({ detail: 'short', attrs: { long: 'x'.repeat(5000) } });
      expect(newest()).toEqual({ text: 'short', textCut: false, attrs: null, attrsLost: true });
      const most = { long: 'x'.repeat(4096 - '{"long":""}'.length) };
      mark({ detail: 'x'.repeat(4096), attrs: most });
      expect(newest()).toEqual({ text: 'x'.repeat(4096), textCut: false, attrs: most, attrsLost: false });
      expect(strings().lost).toBe(2);
    });

    test('in a file without a table a text is cut at a character and says so', () => {
      reopen(0);
      const texts = ['x'.repeat(32), 'x'.repeat(33), `${'x'.repeat(31)}é`, `${'x'.repeat(30)}🦊`, 'é'.repeat(16), ''];
      for (const detail of texts) mark({ detail });
      mark({ detail: 'short', attrs });
      expect(details()).toEqual([
        ['x'.repeat(32), false],
        ['x'.repeat(32), true],
        ['x'.repeat(31), true],
        ['x'.repeat(30), true],
        ['é'.repeat(16), false],
        [null, false],
        ['short', false],
      ]);
      expect(newest()).toMatchObject({ attrs: null, attrsLost: true });
      expect(reader.state().strings).toBeNull();
      expect(reader.header).toMatchObject({ stringsOffset: 0, stringsBytes: 0 });
    });

    test('a reader that knows no table shows the beginning of a text, and marks it as cut when it is', () => {
      const texts = ['short', 'x'.repeat(27), 'x'.repeat(28), 'x'.repeat(33), `${'x'.repeat(26)}é and more of it`];
      for (const [n, detail] of texts.entries()) {
        mark({ detail, attrs });
        const { text, cut } = readAsVersion1(writer.path, n);
        expect(text).toBe(detail.length <= 27 ? detail : detail.slice(0, n === 4 ? 26 : 27));
        expect(cut).toBe(text !== detail);
      }
    });

    test('a table that cannot be is refused by its field', () => {
      for (const bytes of [-8, 64, 1001, 2 ** 27])
        expect(() => open(join(dir, 'other.ring'), { ...slots, stringsBytes: bytes })).toThrow(/stringsBytes/);
    });
  });
}
