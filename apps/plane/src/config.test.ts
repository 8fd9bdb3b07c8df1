import { hostname } from 'node:os';
import { ConfigError } from '@rankscope/daemon';
import { expect, test } from 'vitest';
import { ConfigFields, readConfig } from './config.ts';

function faultsOf(argv: readonly string[], env: Record<string, string> = {}): readonly string[] {
  try {
    readConfig({ argv, env });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const configOf = (argv: readonly string[], env: Record<string, string> = {}) => readConfig({ argv, env }).config;

test('without a word a plane serves SmolLM2 over two ranks on loopback, and lets faults be injected', () => {
  const config = configOf([]);
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 52_500,
    nodeDeadlineMs: 2_000,
    injectAllowed: true,
    peers: [],
  });
  expect(config.model).toEqual({ model: 'smollm2', ranks: 2, plan: 'pipeline', engine: 'mlx' });
  expect(config.deadlines.connectMs).toBe(60_000);
  expect(Object.isFrozen(config)).toBe(true);
});

test('every fault is told at once', () => {
  const faults = faultsOf(['--port', 'high', '--plann', 'tensor', 'extra'], {
    RANKSCOPE_NODE_DEADLINE: '1',
    RANKSCOPE_PEERS: 'nowhere',
  });
  expect(faults.join('\n')).toMatch(/RANKSCOPE_PORT = "high"/);
  expect(faults.join('\n')).toMatch(/--plann is not a flag; did you mean --plan\?/);
  expect(faults.join('\n')).toMatch(
    /RANKSCOPE_NODE_DEADLINE is not a setting; did you mean RANKSCOPE_NODE_DEADLINE_MS\?/,
  );
  expect(faults.join('\n')).toMatch(/"nowhere" is not an address like http/);
});

test('settings, flags, the model and contradictions are told in one list', () => {
  const argv = ['--ranks', '0', '--plan', 'foo', '--log', 'loud', '--host', '0.0.0.0', '--model', 'nope', 'extra'];
  const faults = faultsOf([...argv, '--engine', 'mlx', '--peers', 'nowhere', '--frob', '1'], {
    RANKSCOPE_JOIN: 'http://a:52500',
    RANKSCOPE_PROT: '1',
  });
  for (const part of [
    /^RANKSCOPE_PROT is not a setting/,
    /^--frob is not a flag/,
    /^RANKSCOPE_LOG = "loud"/,
    /^RANKSCOPE_PEERS = "nowhere"/,
    /^RANKSCOPE_HOST = "0.0.0.0".*RANKSCOPE_TOKEN is not set/,
    /^RANKSCOPE_JOIN: .*later version/,
    /^"extra" is not expected/,
    /^--model nope: one of smollm2, tiny, or a directory that exists/,
    /^--plan foo: one of single, pipeline, tensor/,
    /^--ranks 0: a whole number from 1 to 64/,
  ])
    expect(
      faults.filter((fault) => part.test(fault)),
      String(part),
    ).toHaveLength(1);
});

test('a model is a known name or a directory; of a simulated one only the name counts', () => {
  expect(faultsOf(['--model', 'smolm2'])).toEqual([
    '--model smolm2: one of smollm2, tiny, or a directory that exists; did you mean smollm2?',
  ]);
  expect(configOf(['--model', import.meta.dirname]).model.model).toBe(import.meta.dirname);
  expect(configOf(['--model', 'nope', '--engine', 'simulated']).model.model).toBe('nope');
  expect(faultsOf(['--model', 'nope', '--no-model'])).toEqual([
    '--model and --no-model contradict each other: leave one out',
  ]);
});

test('what can be looked at is every setting, with what it comes to where nobody set it', () => {
  const { shown } = readConfig({ argv: ['--load-deadline-ms', '700'], env: {} });
  expect(Object.keys(shown).slice(0, -4)).toEqual(Object.keys(ConfigFields.shape));
  expect(shown).toMatchObject({
    RANKSCOPE_TOKEN: null,
    RANKSCOPE_JOIN: null,
    RANKSCOPE_NODE_NAME: hostname(),
    RANKSCOPE_INJECT: 1,
    RANKSCOPE_LOAD_DEADLINE_MS: 700,
    RANKSCOPE_TASK_DEADLINE_MS: 1_800_000,
    model: 'smollm2',
  });
});

test('contradictions are told together', () => {
  const faults = faultsOf(['--host', '0.0.0.0', '--join', 'http://a:52500', '--ranks', '3', '--plan', 'single']);
  expect(faults).toHaveLength(3);
  expect(faults.join('\n')).toMatch(/RANKSCOPE_TOKEN is not set/);
  expect(faults.join('\n')).toMatch(/later version/);
  expect(faults.join('\n')).toMatch(/--plan single/);
});

test('beyond loopback faults are not injected unless somebody says so', () => {
  const env = { RANKSCOPE_TOKEN: 'a-token-of-some-length' };
  expect(configOf(['--host', '10.0.0.1'], env).injectAllowed).toBe(false);
  expect(configOf(['--host', '10.0.0.1', '--inject', '1'], env).injectAllowed).toBe(true);
  expect(configOf(['--inject', '0']).injectAllowed).toBe(false);
});

test('entries are kept for a week in two gibibytes, unless somebody says otherwise', () => {
  expect(configOf([])).toMatchObject({ entryStore: 'duckdb', retention: { bytes: 2 ** 31, ms: 7 * 24 * 3_600_000 } });
  const said = configOf(['--entry-store', 'memory', '--retention-hours', '2'], {
    RANKSCOPE_RETENTION_BYTES: '67108864',
  });
  expect(said).toMatchObject({ entryStore: 'memory', retention: { bytes: 2 ** 26, ms: 2 * 3_600_000 } });
});

test('a retention that cannot be is told with what can', () => {
  expect(faultsOf([], { RANKSCOPE_ENTRY_STORE: 'sqlite' })[0]).toMatch(
    /^RANKSCOPE_ENTRY_STORE = "sqlite".*duckdb.*memory/,
  );
  for (const bytes of ['2GiB', '1000', '1e30', '67108864.5'])
    expect(faultsOf([], { RANKSCOPE_RETENTION_BYTES: bytes }), bytes).toEqual([
      `RANKSCOPE_RETENTION_BYTES = "${bytes}": needs a whole number of bytes from 67108864 to 1125899906842624`,
    ]);
  expect(faultsOf(['--retention-hours', '0'])).toEqual([
    'RANKSCOPE_RETENTION_HOURS = "0": needs a whole number of hours from 1 to 878400',
  ]);
});

test('what a model is served by', () => {
  expect(configOf(['--no-model']).model.model).toBeNull();
  expect(configOf(['--model', 'none']).model.model).toBeNull();
  expect(configOf(['--ranks', '1']).model.plan).toBe('single');
  expect(configOf(['--engine', 'simulated']).model.model).toBe('tiny');
  expect(faultsOf(['--ranks', '0'])).toEqual(['--ranks 0: a whole number from 1 to 64']);
});

test('the token is not shown', () => {
  expect(faultsOf(['--token', 'abc'])[0]).toMatch(/a flag shows in `ps`, set RANKSCOPE_TOKEN/);
});

test('what other programs of ours read is no fault here', () => {
  expect(faultsOf([], { RANKSCOPE_URL: 'http://127.0.0.1:1', RANKSCOPE_NATIVE_DIRECTORY: 'x' })).toEqual([]);
});
