import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { downloadWheel, type WheelDownload } from './download-wheel.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'wheel-'));
});
afterEach(() => rm(dir, { recursive: true }));

/** Stands in for python3: a shell script that may look at "$TMPDIR" and at pip's arguments. */
async function python(script: string): Promise<string> {
  const path = join(dir, 'python');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

async function download(interpreter: string, change: Partial<WheelDownload> = {}) {
  const grown: number[] = [];
  const work = join(dir, 'work');
  await mkdir(work);
  const result = await downloadWheel({
    python: interpreter,
    requirement: 'some-wheel==1.0',
    dir: work,
    deadlineMs: 10_000,
    stallMs: 10_000,
    onProgress: (bytes) => grown.push(bytes),
    signal: new AbortController().signal,
    ...change,
  });
  return { result, grown, work };
}

test('pip is asked for the one wheel, and the growth of its files is the progress', async () => {
  const script =
    'echo "$@" > "$TMPDIR/../asked"; printf 12345 > "$TMPDIR/part"; sleep 0.6; printf 67890 >> "$TMPDIR/part"; sleep 0.6';
  const { result, grown, work } = await download(await python(script));
  expect(result).toEqual({ kind: 'downloaded', dir: join(work, 'wheel') });
  expect(grown).toEqual([5, 10]);
  const asked = await readFile(join(work, 'asked'), 'utf8');
  expect(asked).toContain(`download --progress-bar off --no-deps --only-binary=:all: -d ${join(work, 'wheel')}`);
  expect(asked.trim()).toMatch(/some-wheel==1\.0$/);
});

test('what pip could not do is told in its last words, as a fault of the network', async () => {
  const script = 'echo "WARNING: Retrying" >&2; echo "ERROR: No matching distribution" >&2; exit 1';
  const { result } = await download(await python(script));
  expect(result).toMatchObject({ kind: 'refused', network: true });
  expect(result).toHaveProperty('reason', 'pip could not download some-wheel==1.0: No matching distribution');
});

test('an index that cannot be reached is called that', async () => {
  const script = `echo "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'" >&2
    echo "ERROR: No matching distribution found" >&2; exit 1`;
  const { result } = await download(await python(script));
  expect(result).toMatchObject({ network: true, reason: expect.stringContaining('index cannot be reached') });
});

test('python without pip, and no python at all, are told apart from the network', async () => {
  const { result } = await download(await python('echo "python: No module named pip" >&2; exit 1'));
  expect(result).toMatchObject({ network: false, fix: expect.stringContaining('ensurepip') });
  await rm(join(dir, 'work'), { recursive: true });
  const { result: none } = await download(join(dir, 'no-such-python'));
  expect(none).toMatchObject({ network: false, reason: expect.stringContaining('was not found') });
});

test('a download that stands still, or takes too long, is ended', async () => {
  const script = 'printf 1 > "$TMPDIR/part"; exec sleep 60';
  const { result } = await download(await python(script), { stallMs: 500 });
  expect(result).toMatchObject({ network: true, reason: 'The download stood still for 0.5 s.' });
  await rm(join(dir, 'work'), { recursive: true });
  const { result: late } = await download(await python(script), { deadlineMs: 400 });
  expect(late).toMatchObject({ network: true, reason: 'The model was not there after 0.4 s.' });
});

test('a signal ends it at once', async () => {
  const began = performance.now();
  const { result } = await download(await python('exec sleep 60'), { signal: AbortSignal.timeout(100) });
  expect(result).toMatchObject({ network: false, reason: 'The download was stopped.' });
  expect(performance.now() - began).toBeLessThan(3000);
});
