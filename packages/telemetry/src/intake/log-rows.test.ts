import { describe, expect, test } from 'vitest';
import { logsRequest, nowUs, type SaidValue } from '../../../../test/support/otlp/otlp-request.ts';
import { openReader, takeRequest } from '../../../../test/support/otlp/take-request.ts';
import { timeText } from './span-times.ts';

describe('log records', () => {
  const ofRank = { 'rankscope.rank': 1 };
  const takeLogs = (logs: Parameters<typeof logsRequest>[0], resource: Record<string, SaidValue> = ofRank) =>
    takeRequest(openReader(), logsRequest(logs, resource), 'logs');

  test('an event in a phase is an entry of it', () => {
    const attributes = { 'rankscope.phase': 'load_model', 'rankscope.layer': 3 };
    const { entries } = takeLogs([{ eventName: 'rankscope.progress', attributes, body: 'layer 3 of 30' }]);
    expect(entries).toMatchObject([
      { at: timeText(nowUs), phase: 'load_model', event: 'progress', detail: 'layer 3 of 30', attrs: { layer: 3 } },
    ]);
  });

  test('what is known from beside a rank is what its supervisor recorded', () => {
    const { entries } = takeLogs([
      { eventName: 'rankscope.phase.stalled', attributes: { 'rankscope.phase': 'decode_barrier' } },
      { eventName: 'rankscope.rank.lost', attributes: { 'error.type': 'killed' } },
      { eventName: 'rankscope.verdict', body: 'rank 1 never arrived at 413' },
    ]);
    expect(entries.map(({ event, attrs }) => [event, attrs.source])).toEqual([
      ['process_stalled', 'supervisor'],
      ['process_died', 'supervisor'],
      ['verdict', 'supervisor'],
    ]);
  });

  test('other logs are nobody’s entry', () => {
    const { tally, entries } = takeLogs([{ body: 'hello' }, { eventName: 'http.request' }]);
    expect(tally).toMatchObject({ records: 2, notPhases: 2 });
    expect(entries).toEqual([]);
    expect(takeLogs([{ eventName: 'rankscope.progress' }], {}).tally).toMatchObject({ notRanks: 1 });
  });

  test('the name may stand in an attribute, and the time may be the one at which it was observed', () => {
    const { entries } = takeLogs([
      { timeNs: 0n, attributes: { 'event.name': 'rankscope.cache.hit', 'rankscope.phase': 'kv_cache_lookup' } },
    ]);
    expect(entries).toMatchObject([{ event: 'cache_hit', at: timeText(nowUs) }]);
  });

  test('an event without a phase is rejected, a valid one beside it is taken', () => {
    const { tally, message } = takeLogs([
      { eventName: 'rankscope.progress' },
      { eventName: 'rankscope.progress', attributes: { 'rankscope.phase': 'warmup' } },
    ]);
    expect(tally).toMatchObject({ rejected: 1, shown: 1 });
    expect(message).toMatch(/log_records\[0\]: rankscope\.phase is missing/);
  });
});
