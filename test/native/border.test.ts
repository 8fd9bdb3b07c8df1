import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type EngineOptions,
  type GenerateOptions,
  loadBinding,
  type NativeEngine,
  type NativeRecorder,
  NativeUnavailableError,
} from '../../native/lib/index.ts';
import { greedy } from './support/greedy.ts';
import { buildDirectory, tinyDirectory } from './support/ranks.ts';

// Misuse of every exported function: a wrong type, a missing field, a call after close. In this process, which
// therefore has the one engine that it may have.

const data = mkdtempSync(join(tmpdir(), 'rankscope-border-'));
const binding = loadBinding();
let recorder: NativeRecorder;
let engine: NativeEngine;
let options: EngineOptions;

beforeAll(async () => {
  recorder = binding.openRecorder({
    path: join(data, 'a.ring'),
    runnerId: 'r',
    nodeId: 'n',
    instanceId: 'i',
    modelId: 'm',
    bootId: '00000000-0000-4000-8000-000000000001',
    rank: 0,
    worldSize: 1,
    attempt: 1,
    rareCount: 1024,
    memoryCount: 1024,
    mainCount: 1024,
    stringsBytes: 262_144,
  });
  options = {
    recorder,
    rank: 0,
    worldSize: 1,
    backend: 'none',
    hosts: [],
    injectAllowed: false,
    connectMs: 1000,
    collectiveMs: 1000,
    exitOnCollectiveDeadline: 14,
    exitOnConnectDeadline: 12,
  };
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

/** Calls with something the types forbid. */
const forge = <T>(value: unknown): T => value as T;
const changed = <T extends object>(base: T, change: Record<string, unknown>): T => forge({ ...base, ...change });
const lacking = <T extends object>(base: T, field: keyof T): T =>
  forge(Object.fromEntries(Object.entries(base).filter(([name]) => name !== field)));

describe('new Engine', () => {
  test.each<[string, () => unknown, string]>([
    ['no object', () => new binding.Engine(forge(7)), 'Engine: options must be an object; it is 7.'],
    [
      'no recorder',
      () => new binding.Engine(lacking(options, 'recorder')),
      'Engine: recorder must be an open recorder from openRecorder; it is missing.',
    ],
    [
      'another object as recorder',
      () => new binding.Engine(changed(options, { recorder: {} })),
      'Engine: recorder must be an open recorder from openRecorder; it is an object.',
    ],
    [
      'a rank beyond the world',
      () => new binding.Engine(changed(options, { rank: 1 })),
      'Engine: rank must be a whole number from 0 to 0; it is 1.',
    ],
    [
      'half a rank',
      () => new binding.Engine(changed(options, { rank: 0.5 })),
      'Engine: rank must be a whole number from 0 to 0; it is 0.5.',
    ],
    [
      'an unknown backend',
      () => new binding.Engine(changed(options, { backend: 'mpi' })),
      'Engine: backend must be one of "none" "ring"; it is "mpi".',
    ],
    [
      'a ring of one',
      () => new binding.Engine(changed(options, { backend: 'ring' })),
      'Engine: backend must be "none" for one rank; it is "ring".',
    ],
    [
      'too few hosts',
      () => new binding.Engine(changed(options, { worldSize: 2, backend: 'ring', hosts: ['127.0.0.1:1'] })),
      'Engine: hosts must be an array of 2 host:port, one per rank; it is an array.',
    ],
    [
      'a host without a port',
      () => new binding.Engine(changed(options, { worldSize: 2, backend: 'ring', hosts: ['a', 'b'] })),
      'Engine: "a" is not address:port',
    ],
    [
      'a number among the hosts',
      () => new binding.Engine(changed(options, { hosts: [7] })),
      'Engine: hosts[0] must be a string; it is 7.',
    ],
    [
      'null for a flag',
      () => new binding.Engine(changed(options, { injectAllowed: null })),
      'Engine: injectAllowed must be true or false; it is null.',
    ],
    [
      'no deadline',
      () => new binding.Engine(lacking(options, 'collectiveMs')),
      'Engine: collectiveMs must be a whole number from 1 to 1099511627776; it is missing.',
    ],
  ])('%s', (_, call, said) => expect(call).toThrow(said));
});

describe('a living engine', () => {
  const load = { dir: tinyDirectory, plan: 'single' as const, maxContext: null };
  const request: GenerateOptions = { ...greedy, tokens: Int32Array.of(3, 203), maxTokens: 2 };

  test('is the only one of its process, and wants its calls in order', async () => {
    engine = new binding.Engine(options);
    expect(() => new binding.Engine(options)).toThrow(
      'Engine: this process has one already; a process has one engine.',
    );
    await expect(engine.load(load, () => {})).rejects.toThrow('joinGroup must be called, and awaited, first.');
    await expect(engine.generate(request, () => {})).rejects.toThrow('joinGroup must be called, and awaited, first.');
    await engine.joinGroup();
    await expect(engine.joinGroup()).rejects.toThrow('joinGroup was called twice');
    await expect(engine.warmup()).rejects.toThrow('load must be called, and awaited, first.');
    const loading = engine.load(load, () => {});
    await expect(engine.generate(request, () => {})).rejects.toThrow(
      'generate was called while load runs; await it first.',
    );
    await expect(engine.close()).rejects.toThrow('close was called while load runs; await it first.');
    expect(await loading).toMatchObject({ architecture: 'llama', startLayer: 0, endLayer: 4 });
  });

  test.each<[string, () => unknown, string]>([
    ['load: no object', () => engine.load(forge(null), () => {}), 'load: options must be an object; it is null.'],
    [
      'load: no directory',
      () => engine.load(lacking(load, 'dir'), () => {}),
      'load: dir must be a string; it is missing.',
    ],
    [
      'load: a plan that does not exist',
      () => engine.load(changed(load, { plan: 'expert' }), () => {}),
      'load: plan must be one of "single" "pipeline" "tensor"; it is "expert".',
    ],
    [
      'load: undefined for null',
      () => engine.load(changed(load, { maxContext: undefined }), () => {}),
      'load: maxContext must be a whole number from 2 to 16777216, or null; it is missing.',
    ],
    [
      'load: no callback',
      () => engine.load(load, forge(undefined)),
      'load: onLayer must be a function; it is missing.',
    ],
    [
      'generate: tokens of another type',
      () => engine.generate(changed(request, { tokens: [1, 2] }), () => {}),
      'generate: tokens must be an Int32Array; it is an array.',
    ],
    [
      'generate: no maxTokens',
      () => engine.generate(lacking(request, 'maxTokens'), () => {}),
      'generate: maxTokens must be a whole number from 1 to 16777216; it is missing.',
    ],
    [
      'generate: NaN',
      () => engine.generate(changed(request, { temperature: Number.NaN }), () => {}),
      'generate: temperature must be a number from 0 to 100; it is NaN.',
    ],
    [
      'generate: a seed below nothing',
      () => engine.generate(changed(request, { seed: -1 }), () => {}),
      'generate: seed must be a whole number from 0 to 4294967295; it is -1.',
    ],
    [
      'generate: no chunk',
      () => engine.generate(changed(request, { prefillChunk: 0 }), () => {}),
      'generate: prefillChunk must be a whole number from 1 to 16777216; it is 0.',
    ],
    [
      'generate: no callback',
      () => engine.generate(request, forge('print')),
      'generate: onToken must be a function; it is "print".',
    ],
    [
      'gather: a phase that is none',
      () => engine.gather(99, Uint8Array.of(1)),
      'gather: phase must be a whole number from 1 to 22; it is 99.',
    ],
    [
      'gather: no bytes',
      () => engine.gather(8, new Uint8Array()),
      'gather: bytes must be a Uint8Array of at least one byte; it is an object.',
    ],
    ['gather: a string', () => engine.gather(8, forge('abc')), 'gather: bytes must be a Uint8Array; it is "abc".'],
    ['abort: no reason', () => engine.abort(forge(undefined)), 'abort: reason must be a string; it is missing.'],
    [
      'inject: an unknown kind',
      () => engine.inject(4, 0, 0, 0),
      'inject: kind must be a whole number from 0 to 3; it is 4.',
    ],
    [
      'inject: a text as phase',
      () => engine.inject(1, forge('idle'), 0, 0),
      'inject: phase must be a whole number from 0 to 22; it is "idle".',
    ],
    [
      'inject: less than none',
      () => engine.inject(1, 0, -1, 0),
      'inject: after must be a whole number from 0 to 1000000; it is -1.',
    ],
    [
      'inject: where it is not allowed',
      () => engine.inject(1, 0, 0, 0),
      'inject: this engine was started with injectAllowed false',
    ],
  ])('%s', (_, call, said) => expect(call).toThrow(said));

  test('works on after all of that', async () => {
    const seen: [number, number][] = [];
    const result = await engine.generate({ ...request, maxTokens: 3 }, (token, index) => seen.push([token, index]));
    expect(seen).toEqual([...result.tokens].map((token, index) => [token, index]));
    expect(await engine.gather(8, Uint8Array.of(1, 2))).toEqual([Uint8Array.of(1, 2)]);
    expect(engine.links()).toEqual([]);
    await engine.dropCaches();
    expect((await engine.generate(request, () => {})).cachedTokens).toBe(0);
  });

  test('after close every call says so', async () => {
    await engine.close();
    const later = [
      engine.joinGroup(),
      engine.load(load, () => {}),
      engine.warmup(),
      engine.gather(8, Uint8Array.of(1)),
      engine.generate(request, () => {}),
      engine.dropCaches(),
      engine.close(),
    ];
    for (const call of later) await expect(call).rejects.toMatchObject({ name: 'EngineClosedError' });
    for (const call of [
      () => engine.cancel(),
      () => engine.abort('x'),
      () => engine.inject(0, 0, 0, 0),
      () => engine.links(),
    ]) {
      expect(call).toThrow(expect.objectContaining({ name: 'EngineClosedError' }));
    }
  });
});

test('info says which MLX runs and whose BLAS it multiplies with', () => {
  const info = binding.info();
  expect(info.mlxVersion).toBe(info.mlxCompiled);
  expect(info.backends).toContain('ring');
  if (process.platform === 'linux') expect(info.blas).toBe('openblas');
});

test('without a build the loader says what to do', () => {
  expect(() => loadBinding({ directory: data })).toThrow(NativeUnavailableError);
  expect(() => loadBinding({ directory: data })).toThrow('It has not been built. Run `npm run native`.');
  expect(fileURLToPath(new URL(`file://${buildDirectory}`))).toContain('native');
});
