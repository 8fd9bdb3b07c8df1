import { HeatmapCellLayout } from '@grafana/grafana-foundation-sdk/common';
import {
  CellValuesBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapColorScale,
  PanelBuilder,
  RowsHeatmapOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import type { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { prometheus } from './query.ts';

export interface HeatPanelOptions {
  readonly title: string;
  readonly description: string;
  readonly target: DataqueryBuilder;
  /** Of what a cell counts or measures. */
  readonly unit: string;
  /** Of the rows; absent where a row is a series with a name. */
  readonly rowUnit?: string;
  readonly scheme: string;
  /** The value of the strongest colour; absent: the highest there is. */
  readonly strongest?: number;
}

export function heatPanel(options: HeatPanelOptions): PanelBuilder {
  const { title, description, target, unit, rowUnit, scheme, strongest } = options;
  const color = new HeatmapColorOptionsBuilder()
    .mode(HeatmapColorMode.Scheme)
    .scheme(scheme)
    .scale(HeatmapColorScale.Exponential)
    .exponent(0.5)
    .steps(64)
    .min(0);
  if (strongest !== undefined) color.max(strongest);
  const rows = new YAxisConfigBuilder();
  if (rowUnit !== undefined) rows.unit(rowUnit);
  return (
    new PanelBuilder()
      .title(title)
      .description(description)
      .datasource(prometheus)
      .span(12)
      .height(9)
      .unit(unit)
      // Buckets, or one row a series, are in the answer already.
      .calculate(false)
      .rowsFrame(
        new RowsHeatmapOptionsBuilder().layout(
          rowUnit === undefined ? HeatmapCellLayout.Unknown : HeatmapCellLayout.Le,
        ),
      )
      .cellValues(new CellValuesBuilder().unit(unit))
      .cellGap(1)
      .color(color)
      .yAxis(rows)
      .showLegend()
      .exemplarsColor('rgba(255, 0, 255, 0.8)')
      .withTarget(target)
  );
}
