import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

/** The Prometheus that the reader chose at the top of the dashboard. */
export const prometheus = { type: 'prometheus', uid: '${prometheus}' } as const;

/** A rank as legends name it. */
export const rankLegend = '{{model}} rank {{rank}}';

/** A question over the range on screen. */
export function range(expr: string, legend: string): DataqueryBuilder {
  return base(expr, legend).range().format(PromQueryFormat.TimeSeries);
}

/** A question over the range whose answer brings the commands that stand for it, each with its trace. */
export function rangeWithExemplars(expr: string, legend: string): DataqueryBuilder {
  return range(expr, legend).exemplar(true);
}

/** Buckets of a histogram over time. */
export function buckets(expr: string): DataqueryBuilder {
  return base(expr, '{{le}}').range().format(PromQueryFormat.Heatmap).exemplar(true);
}

/** What holds at the end of the range, as rows. */
export function rows(expr: string, refId: string): DataqueryBuilder {
  return base(expr, '').refId(refId).instant().format(PromQueryFormat.Table);
}

function base(expr: string, legend: string): DataqueryBuilder {
  return new DataqueryBuilder().refId('A').datasource(prometheus).expr(expr).legendFormat(legend);
}
