import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createHeldReports } from './held-reports.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = new AbortController().signal;

function held() {
  const reports = createHeldReports({ holdMs: 3_000 });
  const ended: string[] = [];
  const hold = (name: string, signal: AbortSignal = never) =>
    void reports.hold(name, signal).then(() => ended.push(name));
  const after = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    return ended.splice(0);
  };
  return { reports, hold, after };
}

test('a report is answered after the hold, or with news, which is told in one answer', async () => {
  const { reports, hold, after } = held();
  hold('a');
  expect(await after(2_999)).toEqual([]);
  expect(await after(1)).toEqual(['a']);
  hold('a');
  hold('b');
  reports.wake();
  reports.wake();
  expect(await after(50)).toEqual([]);
  expect(await after(50)).toEqual(['a', 'b']);
});

test('a node holds one report, one that goes away none, and the end answers all', async () => {
  const { reports, hold, after } = held();
  const gone = new AbortController();
  hold('a');
  hold('a');
  expect(await after(1), 'the second takes the place of the first').toEqual(['a']);
  hold('b', gone.signal);
  gone.abort();
  expect(await after(1)).toEqual(['b']);
  reports.close();
  expect(await after(1)).toEqual(['a']);
  hold('c');
  expect(await after(1), 'nothing is held any more').toEqual(['c']);
  expect(vi.getTimerCount()).toBe(0);
});
