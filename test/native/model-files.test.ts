import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { joinAll, type Rank, startLoadedRanks, startRanks, tinyDirectory } from './support/ranks.ts';

const root = mkdtempSync(join(tmpdir(), 'rankscope-models-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let number = 0;
let rank: Rank;
beforeEach(async () => {
  [rank] = (await startRanks({ world: 1 })) as [Rank];
  await joinAll([rank]);
});

/** A copy of the tiny model that the test may damage. */
function copyOfTiny(): string {
  const dir = join(root, String(number++));
  cpSync(tinyDirectory, dir, { recursive: true });
  return dir;
}

function withConfig(change: (config: Record<string, unknown>) => void): string {
  const dir = copyOfTiny();
  const config = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));
  change(config);
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  return dir;
}

/** Changes the safetensors header, keeping its length. */
function withHeader(change: (header: string) => string): string {
  const dir = copyOfTiny();
  const file = join(dir, 'model.safetensors');
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE(0));
  bytes.write(
    change(bytes.toString('utf8', 8, 8 + length))
      .padEnd(length)
      .slice(0, length),
    8,
  );
  writeFileSync(file, bytes);
  return dir;
}

const refusal = async (dir: string) => {
  const error = await rank.load(dir, 'single').then(
    () => null,
    (e: Error) => e,
  );
  expect(error?.name).toBe('ModelInvalidError');
  return error?.message.replace(dir, 'DIR') ?? '';
};

test('a directory that is not there', async () => {
  expect(await refusal('/no/such/model')).toBe(
    'DIR: there is no such directory; give the directory that holds config.json and the weights',
  );
});

test('a directory without config.json', async () => {
  const dir = copyOfTiny();
  rmSync(join(dir, 'config.json'));
  expect(await refusal(dir)).toBe(
    'DIR/config.json: there is no such file; a model directory holds config.json beside model.safetensors',
  );
});

test('a config.json that is not JSON', async () => {
  const dir = copyOfTiny();
  writeFileSync(join(dir, 'config.json'), '{"model_type": "llama",');
  expect(await refusal(dir)).toBe(
    "DIR/config.json: not valid JSON: expected '\"' at byte 23, found the end of the file; copy config.json from the model's source again",
  );
});

test('an architecture that nobody here computes', async () => {
  expect(await refusal(withConfig((config) => (config.model_type = 'mamba')))).toBe(
    'DIR/config.json: the architecture is "mamba" (field "model_type"); this engine knows "llama"',
  );
});

test.each([
  ['missing', (config: Record<string, unknown>) => delete config.hidden_size, 'the field "hidden_size" is missing'],
  [
    'a string',
    (config: Record<string, unknown>) => (config.hidden_size = '128'),
    'the field "hidden_size" must be a whole number above 0',
  ],
  [
    'heads that do not divide',
    (config: Record<string, unknown>) => (config.num_key_value_heads = 3),
    '"num_attention_heads" (8) must be a multiple of "num_key_value_heads" (3)',
  ],
  ['quantised', (config: Record<string, unknown>) => (config.quantization = { bits: 4 }), 'the weights are quantised'],
  [
    'scaled rope',
    (config: Record<string, unknown>) => (config.rope_scaling = { rope_type: 'llama3' }),
    '"rope_scaling" is set',
  ],
])('a field of config.json: %s', async (_, change, said) => {
  expect(await refusal(withConfig(change))).toContain(`DIR/config.json: ${said}`);
});

test('weights that are not there', async () => {
  const dir = copyOfTiny();
  rmSync(join(dir, 'model.safetensors'));
  expect(await refusal(dir)).toBe(
    'DIR: there is neither model.safetensors nor model.safetensors.index.json; fetch the weights',
  );
});

test('weights cut short, in the data and in the header', async () => {
  const dir = copyOfTiny();
  truncateSync(join(dir, 'model.safetensors'), 1_000_000);
  expect(await refusal(dir)).toMatch(
    /^DIR\/model.safetensors: cut short: 1000000 bytes, its header promises \d+; fetch it again$/,
  );
  truncateSync(join(dir, 'model.safetensors'), 100);
  expect(await refusal(dir)).toBe('DIR/model.safetensors: cut short inside its header; fetch it again');
  truncateSync(join(dir, 'model.safetensors'), 3);
  expect(await refusal(dir)).toBe('DIR/model.safetensors: shorter than a safetensors header; fetch it again');
});

test('a tensor that is missing', async () => {
  const dir = withHeader((header) => header.replace('model.layers.2.mlp.up_proj', 'model.layers.2.mlp.up_porj'));
  expect(await refusal(dir)).toBe(
    'DIR: tensor model.layers.2.mlp.up_proj.weight is missing from the weights; config.json promises it',
  );
});

test('a tensor of another shape', async () => {
  const dir = withConfig((config) => (config.intermediate_size = 512));
  expect(await refusal(dir)).toBe(
    'DIR/model.safetensors: tensor model.layers.0.mlp.gate_proj.weight has shape [448, 128], config.json makes it [512, 128]; the two do not belong together',
  );
});

test('a tensor of a kind that is not read', async () => {
  const dir = withHeader((header) => header.replace('"F16"', '"I16"'));
  expect(await refusal(dir)).toContain('is I16; this engine reads F32, F16 and BF16');
});

test('an index that names a file which is not there', async () => {
  const dir = copyOfTiny();
  writeFileSync(
    join(dir, 'model.safetensors.index.json'),
    JSON.stringify({ weight_map: { a: 'model-00001-of-00002.safetensors' } }),
  );
  expect(await refusal(dir)).toContain(
    'DIR/model-00001-of-00002.safetensors: there is no such file, but model.safetensors.index.json names it',
  );
});

test('after a refusal the engine loads a model that is whole', async () => {
  await refusal('/no/such/model');
  expect(await rank.load(tinyDirectory, 'single')).toMatchObject({ nLayers: 4, eosTokenIds: [1], contextLength: 512 });
});

test('a plan that does not fit says what would', async () => {
  await expect(rank.load(tinyDirectory, 'pipeline')).resolves.toMatchObject({ startLayer: 0, endLayer: 4 });
  const pair = await startRanks({ world: 2 });
  await joinAll(pair);
  await expect(pair[0]?.load(tinyDirectory, 'single')).rejects.toThrow(
    'plan "single" is for one rank, this group has 2; use pipeline or tensor',
  );
});

test('more pipeline ranks than layers', async () => {
  const one = withConfig((config) => (config.num_hidden_layers = 1));
  const pair = await startRanks({ world: 2 });
  await joinAll(pair);
  await expect(pair[1]?.load(one, 'pipeline')).rejects.toThrow(
    'pipeline plan over 2 ranks needs a layer for each; this model has 1 layers',
  );
});

test('when one rank cannot load, the others hear it instead of waiting', async () => {
  const pair = await startRanks({ world: 2 });
  await joinAll(pair);
  const loads = await Promise.allSettled([
    pair[0]?.load(tinyDirectory, 'pipeline'),
    pair[1]?.load('/no/such/model', 'pipeline'),
  ]);
  expect(loads[0]).toMatchObject({
    status: 'rejected',
    reason: {
      name: 'ModelInvalidError',
      message: '1 other rank(s) could not load their share; their own errors say why',
    },
  });
  expect(loads[1]).toMatchObject({ status: 'rejected', reason: { name: 'ModelInvalidError' } });
});

test('a prompt that does not fit, is empty, or holds what is no token', async () => {
  const [whole] = (await startLoadedRanks({ world: 1, plan: 'single' })) as [Rank];
  await expect(whole.generate({ tokens: new Int32Array(512).fill(3) })).rejects.toMatchObject({
    name: 'PromptTooLongError',
    message: 'The prompt has 512 tokens; with a context of 512 at most 511 leave room for one.',
  });
  await expect(whole.generate({ tokens: new Int32Array() })).rejects.toThrow('generate: tokens must not be empty');
  await expect(whole.generate({ tokens: Int32Array.of(3, 512) })).rejects.toThrow(
    'generate: tokens holds 512, the vocabulary ends at 511',
  );
  // The last room for one token is used, and the answer ends there.
  expect(await whole.generate({ tokens: new Int32Array(511).fill(3), maxTokens: 9 })).toMatchObject({
    finishReason: 'length',
    tokens: expect.objectContaining({ length: 1 }),
  });
});
