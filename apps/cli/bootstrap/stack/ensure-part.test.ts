import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensurePart, findBuiltPart } from './ensure-part.ts';
import type { Recipe } from './recipe.ts';

let dir = '';
let env: Readonly<Record<string, string | undefined>> = {};
const said: string[] = [];
const say = (line: string) => void said.push(line);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rankscope-parts-'));
  // A `go` that is new enough, so that this runs where there is none; nothing here compiles.
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'go'), '#!/bin/sh\necho go1.26.0\n');
  chmodSync(join(bin, 'go'), 0o755);
  env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  said.splice(0);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** "Builds" with a line of shell. */
function recipe(script: string): Recipe {
  const input = join(dir, 'input.txt');
  writeFileSync(input, '# a remark\nthe input\n');
  const steps = [{ doing: 'compiling', program: 'sh', args: ['-c', script], cwd: '.' }];
  return { name: 'part', title: 'Part', version: '1.0', inputs: [input], about: 'a moment', steps };
}
const cacheDir = () => join(dir, 'cache');
const ensure = (made: Recipe) => ensurePart(made, { env, cacheDir: cacheDir(), say });

test('a part is built once, from copies of its inputs, and found from then on', async () => {
  const made = recipe(`echo built >> ${dir}/count && cp input.txt part`);
  expect(findBuiltPart(made, cacheDir())).toMatchObject({
    kind: 'absent',
    reason: 'it has not been built on this machine',
  });
  const [first, second] = await Promise.all([ensure(made), ensure(made)]);
  expect(second).toEqual(first);
  if (first.kind === 'absent') throw new Error(first.reason);
  expect(readFileSync(first.path, 'utf8')).toContain('the input');
  expect(await ensure(made)).toEqual(first);
  expect(findBuiltPart(made, cacheDir())).toEqual(first);
  expect(readFileSync(join(dir, 'count'), 'utf8')).toBe('built\n');
  // Only the result is left.
  expect(readdirSync(join(cacheDir(), 'go'))).toHaveLength(1);
});

test('another input is another part, another remark in it is not', async () => {
  const made = recipe('cp input.txt part');
  const before = await ensure(made);
  writeFileSync(made.inputs[0] ?? '', '# a better remark\nthe input\n');
  expect(await ensure(made)).toEqual(before);
  writeFileSync(made.inputs[0] ?? '', 'another input\n');
  expect(await ensure(made)).not.toEqual(before);
});

test('a build that fails says why and leaves nothing that could be taken for the part', async () => {
  const failed = await ensure(recipe('echo half > part; echo "dial tcp: no such host" >&2; exit 3'));
  expect(failed).toMatchObject({
    kind: 'absent',
    reason: expect.stringMatching(/^compiling failed: dial tcp: no such host; see .*build\.log$/),
    fix: expect.stringContaining('GOPROXY'),
  });
  const made = recipe('echo half > part; echo "dial tcp: no such host" >&2; exit 3');
  expect(findBuiltPart(made, cacheDir())).toMatchObject({
    kind: 'absent',
    reason: expect.stringContaining('build.log'),
  });
});

test('of two processes one builds and the other waits for it', async () => {
  const made = recipe(
    `echo built >> ${dir}/count && for turn in $(seq 200); do test -e ${dir}/go-on && break; sleep 0.05; done && cp input.txt part`,
  );
  const script = join(dir, 'other.ts');
  writeFileSync(
    script,
    `import { ensurePart } from ${JSON.stringify(join(import.meta.dirname, 'ensure-part.ts'))};
     const found = await ensurePart(${JSON.stringify(made)}, { env: process.env, cacheDir: ${JSON.stringify(cacheDir())}, say: console.error });
     console.log(found.kind);`,
  );
  const child = spawn(process.execPath, [script], { env: { ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  await expect.poll(() => existsSync(join(dir, 'count')), { timeout: 10_000 }).toBe(true);
  const mine = ensure(made);
  await expect
    .poll(() => said, { timeout: 10_000 })
    .toEqual([`Part: another process (pid ${child.pid}) builds it; waiting for it …`]);
  writeFileSync(join(dir, 'go-on'), '');
  expect(await mine).toMatchObject({ kind: 'ready' });
  await ended;
  expect(out).toBe('ready\n');
  expect(readFileSync(join(dir, 'count'), 'utf8')).toBe('built\n');
});

test('a builder that was killed leaves no lock that anybody waits for', async () => {
  const made = recipe('cp input.txt part');
  const found = findBuiltPart(made, cacheDir());
  expect(found.kind).toBe('absent');
  const first = await ensure(made);
  if (first.kind === 'absent') throw new Error(first.reason);
  const home = join(first.path, '..');
  rmSync(home, { recursive: true });
  // Half a build and the lock of a process that is no more.
  mkdirSync(`${home}.work`);
  writeFileSync(`${home}.lock`, '4194304 not-this-boot\n');
  expect(await ensure(made)).toEqual(first);
  expect(said.join()).not.toContain('waiting');
});
