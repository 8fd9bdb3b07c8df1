import {
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  type ThresholdsConfigBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { prometheus } from './query.ts';

export interface SeriesPanelOptions {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly targets: readonly DataqueryBuilder[];
  readonly width?: number;
  readonly height?: number;
  /** Drawn as lines across the panel. */
  readonly limits?: ThresholdsConfigBuilder;
  /** The highest that is shown in any case, so that a quiet panel does not magnify noise. */
  readonly atLeast?: number;
  /** Null: values below nothing are to be seen too. */
  readonly lowest?: 0 | null;
}

const refIds = 'ABCDEFGH';

/** Lines over time, with a table of names and numbers below. */
export function seriesPanel(options: SeriesPanelOptions): PanelBuilder {
  const { title, description, unit, targets, width = 12, height = 8, limits, atLeast, lowest = 0 } = options;
  const panel = new PanelBuilder()
    .title(title)
    .description(description)
    .datasource(prometheus)
    .span(width)
    .height(height)
    .unit(unit)
    .drawStyle(GraphDrawStyle.Line)
    .lineInterpolation(LineInterpolation.Linear)
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Never)
    // A rank whose figures stop has ended: the line must end too.
    .spanNulls(false)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .targets(targets.map((target, index) => target.refId(refIds[index] ?? '')));
  if (lowest !== null) panel.min(lowest);
  if (atLeast !== undefined) panel.axisSoftMax(atLeast);
  if (limits === undefined) return panel;
  const style = new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed);
  return panel.thresholds(limits).thresholdsStyle(style);
}
