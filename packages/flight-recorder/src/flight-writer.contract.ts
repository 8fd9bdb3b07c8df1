import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FlightRecord, FlightWriter, MlxMemoryBytes, RingIdentity, RingSizes } from './flight-writer.ts';
import { openRingReader, type RingReader } from './ring-reader.ts';
import { describeWriterTexts } from './writer-texts.contract.ts';

export const contractIdentity: RingIdentity = {
  runnerId: 'runner-1',
  nodeId: 'node-ä',
  instanceId: 'instance-1',
  modelId: 'models/smollm2',
  rank: 1,
  worldSize: 2,
  attempt: 3,
  bootId: '0d9f1c6a-8f1e-4a39-9d0c-6a2b8c1d2e3f',
};

const sizes: RingSizes = { rareCount: 8, memoryCount: 8, mainCount: 64 };
const commandId = '0195c0de-1234-7abc-8def-0123456789ab';
const taskId = '6a4ff0f2-9f0d-4b8e-9a43-5a4e8f0f7d10';
const given: MlxMemoryBytes = { active: 5_000_000_000, cache: 2, peak: 3, wiredLimit: null, source: 'mlx.core' };

export interface ContractOptions {
  /** What the writer stores for an entry whose record brings `given`; it may take its own snapshot in that moment. */
  readonly entryMemory?: (given: MlxMemoryBytes) => MlxMemoryBytes;
}

/** What every writer of ring files must do, as a reader in another process would see it. */
export function describeFlightWriter(
  name: string,
  open: (path: string, identity: RingIdentity, sizes: RingSizes) => FlightWriter,
  { entryMemory = (memory) => memory }: ContractOptions = {},
): void {
  describe(name, () => {
    describeWriterTexts((path, textSizes) => open(path, contractIdentity, textSizes));

    let dir: string;
    let writer: FlightWriter;
    let reader: RingReader;

    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), 'rankscope-ring-'));
      writer = open(join(dir, 'runner.ring'), contractIdentity, sizes);
      reader = openRingReader(writer.path);
    });

    afterEach(() => {
      reader.close();
      writer.close(0);
      rmSync(dir, { recursive: true });
    });

    const mark = (a: number, more: Partial<FlightRecord> = {}) =>
      writer.record({ phase: 'decode_stream', kind: 'mark', event: 'progress', a, ...more });

    test('the header says whose file it is and when it began', () => {
      const { header } = reader;
      const { bootId, ...identity } = contractIdentity;
      expect(header).toMatchObject({ ...identity, ...sizes, bootId, pid: process.pid });
      const monoAgeNs = process.hrtime.bigint() - header.anchorMonoNs;
      const wallAgeNs = BigInt(Date.now()) * 1_000_000n - header.anchorWallNs;
      expect(monoAgeNs).toBeGreaterThan(0n);
      expect(monoAgeNs).toBeLessThan(60_000_000_000n);
      const disagreementNs = monoAgeNs > wallAgeNs ? monoAgeNs - wallAgeNs : wallAgeNs - monoAgeNs;
      expect(disagreementNs).toBeLessThan(50_000_000n);
    });

    test('an entry comes back field by field', () => {
      const before = process.hrtime.bigint();
      writer.setTask({ taskId, commandId });
      writer.record({
        phase: 'decode_barrier',
        kind: 'enter',
        event: 'collective_enter',
        detail: 'model.norm',
        rare: true,
        a: 2 ** 40 + 1,
        b: 7,
        op: 'all_gather',
        dtype: 'bfloat16',
        group: 65_535,
        barrierSeq: 2 ** 41,
        layer: 29,
        peer: 300,
        pointToPoint: true,
        cell: 1,
      });
      const { entries, dropped, torn, firstSeq, lastSeq, cursor } = reader.read({ next: 0 });
      expect({ dropped, torn, firstSeq, lastSeq, next: cursor.next }).toEqual({
        dropped: 0,
        torn: 0,
        firstSeq: 0,
        lastSeq: 0,
        next: 1,
      });
      const { tMonoNs, ...entry } = entries[0] ?? expect.fail('no entry');
      expect(entry).toEqual({
        n: 0,
        phase: 'decode_barrier',
        kind: 'enter',
        event: 'collective_enter',
        op: 'all_gather',
        dtype: 'bfloat16',
        group: 65_535,
        barrierSeq: 2 ** 41,
        layer: 29,
        peer: 300,
        a: 2 ** 40 + 1,
        b: 7,
        cell: 1,
        text: 'model.norm',
        textCut: false,
        attrs: null,
        attrsLost: false,
        rare: true,
        pointToPoint: true,
        commandId,
        taskId,
        memory: null,
      });
      expect(tMonoNs).toBeGreaterThanOrEqual(before);
      expect(tMonoNs).toBeLessThanOrEqual(process.hrtime.bigint());
    });

    test('what an entry leaves out is none, also after an entry that had it', () => {
      mark(1, { op: 'send', dtype: 'int8', layer: 1, peer: 0, barrierSeq: 0, detail: 'long detail', rare: true });
      writer.record({ phase: 'idle', kind: 'exit', event: 'exit' });
      expect(reader.read({ next: 1 }).entries[0]).toMatchObject({
        phase: 'idle',
        kind: 'exit',
        event: 'exit',
        op: null,
        dtype: null,
        group: 0,
        barrierSeq: null,
        layer: null,
        peer: null,
        a: 0,
        b: 0,
        cell: 0,
        text: null,
        rare: false,
        pointToPoint: false,
        commandId: null,
        taskId: null,
      });
    });

    test('ids are stamped until they are changed, on entries and on cells', () => {
      mark(0);
      writer.setTask({ taskId, commandId });
      mark(1);
      writer.now(0, { phase: 'decode_stream' });
      writer.setTask(null);
      mark(2);
      const ids = reader.read({ next: 0 }).entries.map((entry) => [entry.taskId, entry.commandId]);
      expect(ids).toEqual([
        [null, null],
        [taskId, commandId],
        [null, null],
      ]);
      expect(reader.state().cells[0]).toMatchObject({ cell: 0, taskId, commandId });
    });

    test('an id that is no UUID is refused by name and changes nothing', () => {
      writer.setTask({ taskId, commandId });
      expect(() => writer.setTask({ taskId: 'task one', commandId })).toThrow(/taskId/);
      mark(0);
      expect(reader.read({ next: 0 }).entries[0]).toMatchObject({ taskId, commandId });
    });

    test('the ring keeps the newest entries and counts the others as dropped', () => {
      for (let a = 0; a < 200; a += 1) mark(a);
      const { entries, dropped, torn } = reader.read({ next: 0 });
      expect(entries.map((entry) => entry.a)).toEqual(Array.from({ length: 64 }, (_, i) => 136 + i));
      expect({ dropped, torn }).toEqual({ dropped: 136, torn: 0 });
    });

    test('traffic does not push out rare entries', () => {
      mark(0, { rare: true, event: 'task_begin' });
      for (let a = 1; a < 500; a += 1) mark(a);
      const { entries, dropped } = reader.read({ next: 0 });
      expect(entries[0]).toMatchObject({ n: 0, event: 'task_begin', rare: true });
      expect(entries).toHaveLength(65);
      expect(dropped).toBe(500 - 65);
    });

    test('a reader that follows misses nothing and sees nothing twice', () => {
      let cursor = reader.read({ next: 0 }).cursor;
      const seen: number[] = [];
      for (let a = 0; a < 300; a += 1) {
        mark(a);
        if (a % 37 !== 0) continue;
        const read = reader.read(cursor);
        seen.push(...read.entries.map((entry) => entry.a));
        expect(read.dropped).toBe(0);
        cursor = read.cursor;
      }
      seen.push(...reader.read(cursor).entries.map((entry) => entry.a));
      expect(seen).toEqual(Array.from({ length: 300 }, (_, i) => i));
    });

    test('memory comes back with its entry', () => {
      mark(0);
      mark(1, { memory: given });
      for (let a = 2; a < 20; a += 1) mark(a, a % 2 === 0 ? {} : { memory: given });
      const { entries } = reader.read({ next: 0 });
      expect(entries[0]?.memory).toBeNull();
      // The memory ring has 8 slots, which the entries 5, 7 … 19 hold; what is lost is null and not another's.
      expect(entries.filter((entry) => entry.memory !== null).map((entry) => entry.n)).toEqual([
        5, 7, 9, 11, 13, 15, 17, 19,
      ]);
      expect(entries[19]?.memory).toEqual(entryMemory(given));
    });

    test('the gauges hold the newest memory', () => {
      expect(reader.state().memory).toBeNull();
      writer.memory({ ...given, active: 1 });
      writer.memory(given);
      const { atNs, ...bytes } = reader.state().memory ?? expect.fail('no gauges');
      expect(bytes).toEqual(given);
      expect(atNs).toBeGreaterThan(reader.header.anchorMonoNs);
    });

    test('a now-cell shows who is inside of what, since when', () => {
      const site = 'model.layers.3.self_attn.o_proj';
      writer.now(1, {
        phase: 'decode_stream',
        site,
        op: 'recv',
        group: 2,
        ordinal: 99,
        layer: 3,
        peer: 0,
        enteredAtNs: 5n,
      });
      writer.now(0, { phase: 'decode_wait_first_token' });
      const { cells, unreadableCells } = reader.state();
      expect(unreadableCells).toEqual([]);
      expect(cells).toHaveLength(2);
      expect(cells[0]).toMatchObject({
        cell: 0,
        phase: 'decode_wait_first_token',
        op: null,
        ordinal: null,
        peer: null,
      });
      expect(cells[0]?.enteredAtNs).toBeGreaterThan(reader.header.anchorMonoNs);
      expect(cells[1]).toMatchObject({
        cell: 1,
        phase: 'decode_stream',
        site,
        op: 'recv',
        group: 2,
        ordinal: 99,
        layer: 3,
        peer: 0,
        enteredAtNs: 5n,
        deadlineNs: null,
      });
      writer.now(1, null);
      expect(reader.state().cells.map((cell) => cell.cell)).toEqual([0]);
    });

    test('the loop beats', () => {
      expect(reader.state().loopNs).toBeNull();
      writer.loopBeat();
      const first = reader.state().loopNs ?? expect.fail('no beat');
      writer.loopBeat();
      expect(reader.state().loopNs).toBeGreaterThanOrEqual(first);
    });

    test('state knows the next number', () => {
      for (let a = 0; a < 130; a += 1) mark(a);
      expect(reader.state().next).toBe(130);
    });

    test('the newest entries are the last ones', () => {
      for (let a = 0; a < 130; a += 1) mark(a);
      expect(reader.newest(3).entries.map((entry) => entry.a)).toEqual([127, 128, 129]);
    });

    test('close says that the end was wanted, and then nothing is recorded', () => {
      mark(0);
      expect(reader.state()).toMatchObject({ clean: false, exitCode: null });
      writer.close(-9);
      expect(reader.state()).toMatchObject({ clean: true, exitCode: -9, next: 1 });
      expect(() => mark(1)).toThrow(/closed/);
      writer.close(3);
      expect(reader.state().exitCode, 'the first close counts').toBe(-9);
    });

    test('an identity that does not fit is refused by its field', () => {
      const path = join(dir, 'other.ring');
      expect(() => open(path, { ...contractIdentity, runnerId: 'r'.repeat(97) }, sizes)).toThrow(/runnerId/);
      expect(() => open(path, { ...contractIdentity, bootId: 'today' }, sizes)).toThrow(/bootId/);
      expect(() => open(path, contractIdentity, { ...sizes, mainCount: 100 })).toThrow(/mainCount/);
      expect(() => open(join(dir, 'none', 'x.ring'), contractIdentity, sizes)).toThrow(/none/);
      expect(() => openRingReader(path)).toThrow(/ENOENT/);
    });
  });
}
