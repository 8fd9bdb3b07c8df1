import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultRingSizes, openRingReader } from '@rankscope/flight-recorder';
import { collectiveOps, elementTypes, flightEvents, flightKinds, phaseFacts, slotFlags } from '@rankscope/schema';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadBinding, type NativeRecorder, type RecorderOptions } from '../../native/lib/index.ts';
import { createNativeFlightWriter, type FlightCodeTables } from '../../native/lib/native-flight-writer.ts';
import { contractIdentity, describeFlightWriter } from '../../packages/flight-recorder/src/flight-writer.contract.ts';

/** Another build, such as the one without MLX, is tested by naming its directory here. */
const directory = process.env.RANKSCOPE_NATIVE_DIRECTORY ?? join(import.meta.dirname, '../../build/native');
const built = join(directory, 'rankscope.node');
const skipped = existsSync(built) ? null : `${built} is absent; npm run native builds it`;
if (skipped !== null) console.warn(`skipped: ${skipped}`);

const codes: FlightCodeTables = {
  phases: Object.fromEntries(Object.entries(phaseFacts).map(([phase, { code }]) => [phase, code])),
  kinds: flightKinds,
  events: flightEvents,
  ops: collectiveOps,
  dtypes: elementTypes,
  rareFlag: slotFlags.rare,
  pointToPointFlag: slotFlags.pointToPoint,
};

describe.skipIf(skipped !== null)('the native recorder', () => {
  if (skipped !== null) return;
  const binding = loadBinding({ directory });

  describeFlightWriter(
    'the native writer',
    (path, identity, sizes) =>
      createNativeFlightWriter(
        binding.openRecorder({ stringsBytes: defaultRingSizes.stringsBytes, path, ...identity, ...sizes }),
        path,
        codes,
      ),
    // The native core asks MLX itself; nothing else in this process uses MLX, so what it says stays as it is.
    { entryMemory: () => ({ ...binding.memory(), source: expect.any(String) }) },
  );

  describe('misuse names the field', () => {
    let dir: string;
    let options: RecorderOptions;
    let recorder: NativeRecorder;

    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), 'rankscope-native-'));
      const sizes = { rareCount: 8, memoryCount: 8, mainCount: 64, stringsBytes: 1024 };
      options = { path: join(dir, 'a.ring'), ...contractIdentity, ...sizes };
      recorder = binding.openRecorder(options);
    });
    afterEach(() => rmSync(dir, { recursive: true }));

    /** A call with arguments that the types forbid. */
    const call = (target: object, method: string, ...args: unknown[]) =>
      Reflect.apply(Reflect.get(target, method), target, args);

    const correct: Record<string, readonly unknown[]> = {
      record: [16, 3, 6, 0, 0, -1, 0, 0, 0, -1, -1, 0, 0, null],
      recordWithAttrs: [16, 3, 6, 0, 0, -1, 0, 0, 0, -1, -1, 0, 0, null, '{"a":1}'],
      recordWithMemory: [16, 3, 6, 0, 0, 0, 0, null, null],
      now: [0, 16, 0, 0, -1, -1, -1, 0n, null],
      setTask: [null, null],
      memory: [1, null, 3, null, null],
      close: [0],
    };
    const fields: Record<string, readonly string[]> = {
      record: 'phase kind event cell flags layer op dtype group peer barrierSeq a b text'.split(' '),
      recordWithAttrs: 'phase kind event cell flags layer op dtype group peer barrierSeq a b text attrs'.split(' '),
      recordWithMemory: 'phase kind event cell flags a b text attrs'.split(' '),
      now: 'cell phase op group layer peer ordinal enteredAtNs site'.split(' '),
      setTask: ['command', 'task'],
      memory: 'active cache peak wiredLimit source'.split(' '),
      close: ['exitCode'],
    };

    for (const [method, names] of Object.entries(fields)) {
      test(`${method}: wrong type, missing field, after close`, () => {
        const args = correct[method] ?? [];
        names.forEach((name, i) => {
          expect(() => call(recorder, method, ...args.with(i, {})), name).toThrow(
            new RegExp(`${method}: ${name} must be`),
          );
          expect(() => call(recorder, method, ...args.slice(0, i)), name).toThrow(
            new RegExp(`${name} must .* missing`),
          );
        });
        call(recorder, method, ...args);
        if (method !== 'close') recorder.close(0);
        expect(() => call(recorder, method, ...args)).toThrow(`NativeRecorder.${method}: the recorder is closed.`);
      });
    }

    test('openRecorder: wrong type, missing field, no object', () => {
      for (const name of Object.keys(options)) {
        const wrong = { ...options, [name]: Symbol('wrong') };
        expect(() => call(binding, 'openRecorder', wrong), name).toThrow(new RegExp(`openRecorder: ${name} must be`));
        const { [name]: _, ...missing } = { ...options } as Record<string, unknown>;
        expect(() => call(binding, 'openRecorder', missing), name).toThrow(new RegExp(`${name} must be .* missing`));
      }
      expect(() => call(binding, 'openRecorder')).toThrow('openRecorder: options must be an object; it is missing.');
      expect(() => call(binding, 'openRecorder', { ...options, rank: -1 })).toThrow(/rank/);
      expect(() => call(binding, 'openRecorder', { ...options, attempt: 1.5 })).toThrow(/attempt/);
    });

    test('a method called on something else is refused', () => {
      expect(() => Reflect.apply(recorder.loopBeat, {}, [])).toThrow(/Illegal invocation/);
      expect(() => recorder.now(16, 1, 0, 0, -1, -1, -1, 0n, null)).toThrow(/cell must be a number from 0 to 15/);
    });

    test('what was refused was not recorded', () => {
      expect(() => call(recorder, 'record', 16)).toThrow();
      const reader = openRingReader(options.path);
      expect(reader.state().next).toBe(0);
      reader.close();
    });
  });
});
