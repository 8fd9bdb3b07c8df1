import type { RingEntry } from '@rankscope/flight-recorder';
import { isRunnerPhase, nowCells, type RunnerPhase } from '@rankscope/schema';
import { expect } from 'vitest';
import type { RankProcess } from './runner-process.ts';

/** Phases of the task loop as they follow each other: the cell-0 enters, doubles of one phase in a row made one. */
export function phaseSequence(entries: readonly RingEntry[]): RunnerPhase[] {
  const phases = entries
    .filter(({ kind, cell }) => kind === 'enter' && cell === nowCells.taskLoop)
    .map(({ phase }) => phase)
    .filter(isRunnerPhase);
  return phases.filter((phase, index) => phase !== phases[index - 1]);
}

/** Enters without their exit, and exits without their enter, of every cell; collectives are counted apart. */
export function unpairedPhases(entries: readonly RingEntry[]): string[] {
  const open = new Map<number, string[]>();
  const faults: string[] = [];
  for (const { n, phase, kind, cell, op } of entries) {
    if (op !== null) continue;
    const stack = open.get(cell) ?? [];
    open.set(cell, stack);
    if (kind === 'enter') stack.push(phase);
    if (kind === 'exit' && stack.pop() !== phase)
      faults.push(`entry ${n}: exit of ${phase} in cell ${cell} was not entered last`);
  }
  // The last phase of a rank that failed is `error`, and stays.
  const left = [...open].flatMap(([cell, phases]) =>
    phases.filter((phase) => phase !== 'error').map((phase) => `${phase} in cell ${cell} was never left`),
  );
  return [...faults, ...left];
}

/** What is wrong with the numbering of a group's collectives: each number once entered, once left, none left out. */
export function collectiveFaults(entries: readonly RingEntry[]): string[] {
  const faults: string[] = [];
  let open: number | null = null;
  let next = 0;
  for (const { n, op, kind, barrierSeq, pointToPoint } of entries) {
    if (op === null || pointToPoint || barrierSeq === null) continue;
    if (kind === 'enter') {
      if (open !== null) faults.push(`entry ${n}: ${barrierSeq} entered inside ${open}`);
      if (barrierSeq !== next) faults.push(`entry ${n}: number ${barrierSeq} where ${next} was due`);
      open = barrierSeq;
      next = barrierSeq + 1;
    } else if (kind === 'exit') {
      if (open !== barrierSeq) faults.push(`entry ${n}: ${barrierSeq} left, ${open} was open`);
      open = null;
    }
  }
  if (open !== null) faults.push(`${open} was never left`);
  return faults;
}

/** Which phase may follow which, in the task loop. `error` may follow any. */
const mayFollow: Record<RunnerPhase, readonly RunnerPhase[]> = {
  created: ['connect_group', 'shutdown_cleanup'],
  connect_group: ['load_model', 'shutdown_cleanup'],
  load_model: ['warmup', 'shutdown_cleanup'],
  warmup: ['idle', 'shutdown_cleanup'],
  idle: ['task_submission', 'shutdown_cleanup'],
  task_submission: ['task_agreement'],
  task_agreement: ['prompt_build', 'cancel_observed', 'completion', 'task_submission', 'idle', 'shutdown_cleanup'],
  prompt_build: ['vision_preprocess', 'kv_cache_lookup', 'completion'],
  vision_preprocess: ['kv_cache_lookup'],
  kv_cache_lookup: ['prefill_barrier', 'prefill_pipeline', 'prefill_stream', 'decode_wait_first_token'],
  prefill_barrier: ['prefill_pipeline', 'prefill_stream', 'cancel_observed'],
  prefill_pipeline: ['prefill_stream', 'prefill_barrier', 'decode_wait_first_token'],
  prefill_stream: ['prefill_pipeline', 'prefill_barrier', 'decode_wait_first_token'],
  decode_wait_first_token: ['decode_stream', 'cancel_observed', 'completion', 'task_agreement'],
  decode_stream: ['decode_barrier', 'cancel_observed', 'completion', 'task_agreement'],
  decode_barrier: ['decode_stream', 'cancel_observed', 'completion', 'task_agreement'],
  parser: [],
  cancel_requested: [],
  cancel_observed: ['task_agreement', 'completion'],
  completion: ['task_submission', 'task_agreement', 'idle', 'shutdown_cleanup'],
  error: ['task_submission', 'task_agreement', 'idle', 'shutdown_cleanup'],
  shutdown_cleanup: [],
};

export function orderFaults(phases: readonly RunnerPhase[]): string[] {
  return phases.flatMap((phase, index) => {
    const before = phases[index - 1];
    if (before === undefined || phase === 'error') return [];
    return mayFollow[before].includes(phase) ? [] : [`${phase} after ${before}`];
  });
}

/** Waits until the rank's task loop is in the phase. */
export async function untilPhase(rank: RankProcess, phase: string): Promise<void> {
  await expect.poll(() => rank.state().cells.find(({ cell }) => cell === 0)?.phase, { timeout: 5_000 }).toBe(phase);
}
