import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { openRingReader } from '@rankscope/flight-recorder';
import { expect, test } from 'vitest';
import { buildRecorderProgram } from '../bench/recorder-build.ts';

const mainCount = 16_384;
const looked = 4096;
const goal = 0.999;
const startDeadlineMs = 10_000;

interface Tally {
  kills: number;
  records: number;
  whole: number;
  torn: number;
  mixed: number;
  /** Of the whole ones, those whose text stands in the string table. */
  longTexts: number;
}

/** The same moments in every run: a failing run can be run again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Starts a writer, kills it when it has written `atLeast` records, and counts what is left of its last ones. */
async function killOnce(command: readonly string[], path: string, atLeast: number, tally: Tally): Promise<void> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data', { signal: AbortSignal.timeout(startDeadlineMs) });
  const reader = openRingReader(path);
  // By records and not by milliseconds: on a busy machine a slow writer would be killed before it had written anything.
  for (const giveUpMs = performance.now() + startDeadlineMs; reader.state().next < atLeast; await turn())
    expect(performance.now(), `fewer than ${atLeast} records were written in time`).toBeLessThan(giveUpMs);
  child.kill('SIGKILL');
  expect((await exited)[1], 'the writer ended before it was killed').toBe('SIGKILL');

  const { next, clean } = reader.state();
  expect(clean).toBe(false);
  const from = Math.max(0, next - looked);
  const { entries, torn, dropped } = reader.read({ next: from }, { limit: 2 * looked, writerDead: true });
  reader.close();
  const isWhole = (entry: (typeof entries)[number]) =>
    entry.text === textOf(entry.a) && !entry.textCut && BigInt(entry.b) === (BigInt(entry.a) ^ 0x5a5a_5a5a_5a5an);
  const whole = entries.filter(isWhole).length;
  tally.longTexts += entries.filter((entry) => isLong(entry.a) && isWhole(entry)).length;
  tally.kills += 1;
  tally.records += entries.length + torn + dropped;
  tally.whole += whole;
  tally.torn += torn + dropped;
  tally.mixed += entries.length - whole;
}

/** As the writers have it: every 32nd has a text that no slot can hold. */
const isLong = (a: number) => a % 32 === 0;
const textOf = (a: number) => (isLong(a) ? `${a}, which is a text that no slot can hold` : String(a));

async function survives(
  name: string,
  kills: number,
  commandOf: (path: string, kill: number) => string[],
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'rankscope-sigkill-'));
  const random = randomFrom(20_261_122);
  const tally: Tally = { kills: 0, records: 0, whole: 0, torn: 0, mixed: 0, longTexts: 0 };
  for (let kill = 0; kill < kills; kill += 1) {
    const path = join(dir, `${kill}.ring`);
    await killOnce(commandOf(path, kill), path, 1 + random() * 2 * looked, tally);
    rmSync(path);
  }
  rmSync(dir, { recursive: true });
  const share = tally.whole / tally.records;
  console.log(`P2 ${name}: ${JSON.stringify({ ...tally, share: Number(share.toFixed(6)) })}`);
  expect(tally.mixed, 'an entry that was given out as whole is a mixture').toBe(0);
  expect(share).toBeGreaterThanOrEqual(goal);
  expect(tally.longTexts).toBeGreaterThan(tally.records / 64);
  expect(tally.records).toBeGreaterThan((kills * looked) / 4);
}

test('what the native core recorded survives SIGKILL at any moment', async ({ skip }) => {
  const program = buildRecorderProgram('recorder_kill_writer');
  if (program.kind === 'refused') skip(program.reason);
  else await survives('native', 150, (path, kill) => [program.path, path, String(mainCount), String(1 + (kill % 3))]);
});

test('what the TypeScript writer recorded survives SIGKILL at any moment', async () => {
  const script = join(import.meta.dirname, 'recorder-typescript-writer.ts');
  await survives('TypeScript', 60, (path) => [process.execPath, script, path, String(mainCount)]);
});
