import { hostname } from 'node:os';
import { ConfigError, formatConfig } from '@rankscope/daemon';
import { expect, test } from 'vitest';
import { ConfigFields, readConfig, secretKeys } from './config.ts';

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

test('where telemetry goes is read from the standard variables, and nowhere without them', () => {
  expect(configOf([]).otlp).toBeNull();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a:4318', OTEL_EXPORTER_OTLP_HEADERS: 'authorization=secret' };
  expect(configOf([], env).otlp?.traces?.url).toBe('http://a:4318/v1/traces');
  expect(configOf(['--otel-exporter-otlp-endpoint', 'http://b:4318'], env).otlp?.logs?.url).toBe(
    'http://b:4318/v1/logs',
  );
  expect(formatConfig(readConfig({ argv: [], env }).shown, secretKeys)).not.toContain('secret');
  const faults = faultsOf([], {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://a:4318',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere/ca.pem',
    OTEL_EXPORTER_OTLP_TIMEOUT: 'soon',
  });
  expect(faults.join('\n')).toMatch(/OTEL_EXPORTER_OTLP_TIMEOUT = "soon"/);
  expect(faults.join('\n')).toMatch(/there is no file \/nowhere\/ca.pem/);
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
    RANKSCOPE_JOIN: 'a:52500',
    RANKSCOPE_PROT: '1',
  });
  for (const part of [
    /^RANKSCOPE_PROT is not a setting/,
    /^--frob is not a flag/,
    /^RANKSCOPE_LOG = "loud"/,
    /^RANKSCOPE_PEERS = "nowhere"/,
    /^RANKSCOPE_HOST = "0.0.0.0".*RANKSCOPE_TOKEN is not set/,
    /^RANKSCOPE_JOIN = "a:52500": .*is not an address like http/,
    /^RANKSCOPE_JOIN and RANKSCOPE_PEERS contradict/,
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
  const faults = faultsOf([
    '--host',
    '0.0.0.0',
    '--join',
    'http://a:52500',
    '--peers',
    'http://b:1',
    '--plan',
    'single',
    '--ranks',
    '3',
  ]);
  expect(faults).toHaveLength(4);
  expect(faults.join('\n')).toMatch(/RANKSCOPE_TOKEN is not set/);
  expect(faults.join('\n')).toMatch(/RANKSCOPE_JOIN_TOKEN is not set/);
  expect(faults.join('\n')).toMatch(/RANKSCOPE_JOIN and RANKSCOPE_PEERS contradict/);
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

test('no token is shown', () => {
  expect(faultsOf(['--token', 'abc'])[0]).toMatch(/a flag shows in `ps`, set RANKSCOPE_TOKEN/);
  expect(faultsOf(['--join-token', 'abc'])[0]).toMatch(/a flag shows in `ps`, set RANKSCOPE_JOIN_TOKEN/);
  expect(faultsOf([], { RANKSCOPE_JOIN_TOKEN: 'short' })).toEqual([
    'RANKSCOPE_JOIN_TOKEN = (hidden): needs at least 16 characters',
  ]);
});

test('what other programs of ours read is no fault here', () => {
  expect(faultsOf([], { RANKSCOPE_URL: 'http://127.0.0.1:1', RANKSCOPE_NATIVE_DIRECTORY: 'x' })).toEqual([]);
});
