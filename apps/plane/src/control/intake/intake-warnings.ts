import type { IntakeFacts } from './intake-facts.ts';

/** What came in and is not, or no longer, to be had: nothing goes silently. */
export function intakeWarnings(facts: IntakeFacts, hasStore: boolean): string[] {
  const { spans, logs, leftOutValues, forgottenRows, forgottenRunners, store } = facts;
  const rejected = spans.rejected + logs.rejected;
  const lines: readonly [number, string][] = [
    [rejected, 'spans or log records were rejected; their senders were told why'],
    [leftOutValues, 'attribute values were not what their name asks for and were left out'],
    [hasStore ? 0 : forgottenRows, 'entries are no longer in memory, and no entry store keeps them'],
    [forgottenRunners, 'ranks were forgotten to make room for others'],
    [store.lostRows, 'entries were not kept'],
  ];
  const counted = lines.filter(([count]) => count > 0).map(([count, what]) => `telemetry: ${count} ${what}`);
  return store.trouble === null ? counted : [...counted, `telemetry: the entry store says: ${store.trouble}`];
}
