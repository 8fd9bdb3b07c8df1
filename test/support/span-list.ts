import type { SpanEvidence } from '@rankscope/telemetry';

/**
 * Spans as lines to compare: trace, start and length in seconds, name, `< parent`, `-> link`, and what failed. A span
 * that is named and not there is `?`, which no list should hold.
 */
export function spanList(spans: readonly SpanEvidence[], traceNames: Readonly<Record<string, string>>): string {
  const nameOf = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  // A link may name a span that comes later; a parent may not.
  const seen = new Set<string>();
  return spans
    .map((span) => {
      const { traceId, spanId, parentSpanId, name, startNs, endNs, links, attributes, anchorOf } = span;
      const parent = parentSpanId === null ? '' : ` < ${seen.has(parentSpanId) ? nameOf.get(parentSpanId) : '?'}`;
      seen.add(spanId);
      const link = links.map((to) => ` -> ${nameOf.get(to.spanId) ?? 'to come'}`).join('');
      const error = attributes['error.type'] === undefined ? '' : ` ERROR ${attributes['error.type']}`;
      const stalls =
        attributes['rankscope.stall.count'] === undefined ? '' : ` stall ${attributes['rankscope.stall.count']}`;
      const length = anchorOf === null ? seconds(endNs - startNs) : '*';
      return `${traceNames[traceId] ?? traceId} ${seconds(startNs).padStart(3)} ${length.padStart(3)}  ${name}${parent}${link}${stalls}${error}`;
    })
    .join('\n');
}

/** To the nearest tenth: entries of one moment lie microseconds apart. */
function seconds(ns: bigint): string {
  return String(Math.round(Number(ns) / 1e8) / 10);
}
