import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { ThresholdsConfigBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { prometheus, range } from './query.ts';

export interface StatPanelOptions {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly expr: string;
  readonly thresholds: ThresholdsConfigBuilder;
  readonly decimals?: number;
  /** What stands there when nothing is told. */
  readonly noValue?: string;
}

export const statHeight = 4;
export const statWidth = 4;

/** One number with its course behind it, in the colour of how good it is. */
export function statPanel(options: StatPanelOptions): PanelBuilder {
  const { title, description, unit, expr, thresholds, decimals, noValue = 'nothing told' } = options;
  const panel = new PanelBuilder()
    .title(title)
    .description(description)
    .datasource(prometheus)
    .span(statWidth)
    .height(statHeight)
    .unit(unit)
    .thresholds(thresholds)
    .noValue(noValue)
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.Area)
    .textMode(BigValueTextMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''))
    .withTarget(range(expr, title));
  return decimals === undefined ? panel : panel.decimals(decimals);
}
