import { expect, test } from 'vitest';
import { z } from 'zod';
import { formatConfig } from './format-config.ts';
import { ConfigError, type GivenConfig, parseConfig } from './parse-config.ts';

const fields = z.object({
  RANKSCOPE_HOST: z.string().default('127.0.0.1'),
  RANKSCOPE_PORT: z.coerce.number().int().min(0).max(65_535).default(52_500),
  RANKSCOPE_NODE_DEADLINE_MS: z.coerce.number().int().positive().default(2_000),
  RANKSCOPE_TOKEN: z.string().min(8).optional(),
});
const secret = ['RANKSCOPE_TOKEN'];

function faultsOf(env: Record<string, string>, argv: string[] = []): readonly string[] {
  try {
    parseConfig({ fields, env, argv, secret });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

test('nothing given: the defaults, frozen', () => {
  const { values, printConfig } = parseConfig({ fields, env: { PATH: '/bin' } });
  expect(values).toEqual({ RANKSCOPE_HOST: '127.0.0.1', RANKSCOPE_PORT: 52_500, RANKSCOPE_NODE_DEADLINE_MS: 2_000 });
  expect(Object.isFrozen(values)).toBe(true);
  expect(printConfig).toBe(false);
});

test('a flag beats the environment; an empty variable is one that is not set', () => {
  const env = { RANKSCOPE_PORT: '1', RANKSCOPE_HOST: '' };
  const { values } = parseConfig({ fields, env, argv: ['--port', '2', '--node-deadline-ms=5'] });
  expect(values).toMatchObject({ RANKSCOPE_HOST: '127.0.0.1', RANKSCOPE_PORT: 2, RANKSCOPE_NODE_DEADLINE_MS: 5 });
});

test('every fault is told at once, and a misspelt key with the name that was meant', () => {
  const faults = faultsOf({ RANKSCOPE_PROT: '1', RANKSCOPE_PORT: 'x', RANKSCOPE_NODE_DEADLINE_MS: '-1' }, [
    '--hots',
    'a',
  ]);
  expect(faults).toHaveLength(4);
  expect(faults[0]).toBe('RANKSCOPE_PROT is not a setting; did you mean RANKSCOPE_PORT?');
  expect(faults[1]).toBe('--hots is not a flag; did you mean --host?');
  expect(faults[2]).toContain('RANKSCOPE_PORT = "x"');
  expect(faults[3]).toContain('RANKSCOPE_NODE_DEADLINE_MS');
});

test('a secret is not a flag, and not in a message', () => {
  expect(faultsOf({}, ['--token', 'abcdefgh'])).toEqual([
    '--token is not a flag; a flag shows in `ps`, set RANKSCOPE_TOKEN',
  ]);
  expect(faultsOf({ RANKSCOPE_TOKEN: 'short' })[0]).toMatch(/^RANKSCOPE_TOKEN = \(hidden\)/);
});

test('what a caller finds wrong in what was given stands in the same list', () => {
  const argv = ['--port', 'x', '--ranks', '0', 'extra'];
  const moreFaults = (given: GivenConfig) => [JSON.stringify(given)];
  const read = () =>
    parseConfig({ fields, env: { RANKSCOPE_HOST: '' }, argv, extraFlags: { ranks: 'string' }, moreFaults });
  expect(read).toThrow(
    /^RANKSCOPE_PORT = "x".*\n\{"texts":\{"RANKSCOPE_PORT":"x"\},"flags":\{"ranks":"0"\},"positionals":\["extra"\]\}$/,
  );
});

test("a verb's own flags, positionals and --print-config come back as they are", () => {
  const given = ['tiny', '--ranks', '2', '--exit', '--print-config'];
  const parsed = parseConfig({ fields, env: {}, argv: given, extraFlags: { ranks: 'string', exit: 'boolean' } });
  expect(parsed).toMatchObject({ flags: { ranks: '2', exit: true }, positionals: ['tiny'], printConfig: true });
});

test('a flag without its value is a fault, and does not eat the next flag', () => {
  expect(faultsOf({}, ['--host', '--port', '1'])).toEqual(['--host needs a value']);
});

test("a child may ignore its parent's settings", () => {
  expect(() => parseConfig({ fields, env: { RANKSCOPE_OTHER: '1' }, unknownKeys: 'ignore' })).not.toThrow();
});

test('the printed configuration hides secrets', () => {
  expect(formatConfig({ RANKSCOPE_PORT: 1, RANKSCOPE_TOKEN: 'abcdefgh' }, secret)).toBe(
    'RANKSCOPE_PORT=1\nRANKSCOPE_TOKEN=(set)',
  );
});
