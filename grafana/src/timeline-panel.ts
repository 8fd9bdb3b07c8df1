import {
  LegendDisplayMode,
  LegendPlacement,
  TimelineValueAlignment,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { FieldColorBuilder, FieldColorModeId, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { prometheus, range } from './query.ts';
import { noJudgement } from './thresholds.ts';

export interface TimelinePanelOptions {
  readonly title: string;
  readonly description: string;
  readonly expr: string;
  readonly legend: string;
  readonly mappings: readonly ValueMapping[];
  readonly width: number;
  readonly height: number;
}

/** One lane a series: what it was, from when to when. */
export function timelinePanel(options: TimelinePanelOptions): PanelBuilder {
  const { title, description, expr, legend, mappings, width, height } = options;
  return new PanelBuilder()
    .title(title)
    .description(description)
    .datasource(prometheus)
    .span(width)
    .height(height)
    .unit('none')
    .mappings([...mappings])
    .thresholds(noJudgement())
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .alignValue(TimelineValueAlignment.Left)
    .rowHeight(0.9)
    .lineWidth(0)
    .fillOpacity(90)
    .spanNulls(false)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    )
    .withTarget(range(expr, legend));
}
