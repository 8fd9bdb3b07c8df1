import { TableCellBackgroundDisplayMode, TableCellDisplayMode } from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue, ThresholdsConfigBuilder, ValueMap } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';
import { explorerOfRow } from './links.ts';
import { prometheus, rows } from './query.ts';
import { byRank } from './select.ts';

export interface RankColumn {
  readonly name: string;
  /** Its labels, beyond the rank's own, become columns too. */
  readonly expr: string;
  readonly unit: string;
  readonly decimals?: number;
  readonly thresholds?: ThresholdsConfigBuilder;
}

export interface RankTableOptions {
  readonly title: string;
  readonly description: string;
  /** One row a rank and phase: `max by (node, instance_id, model, rank, phase) (… == 1)`. */
  readonly phases: string;
  readonly phaseColors: ValueMap;
  readonly columns: readonly RankColumn[];
  readonly height: number;
}

const labels = { model: 'Model', rank: 'Rank', phase: 'Phase', node: 'Node', instance_id: 'Instance' } as const;
const phaseRef = 'A';

/** One row a rank: what it is, where it is, and its figures now. */
export function rankTable({
  title,
  description,
  phases,
  phaseColors,
  columns,
  height,
}: RankTableOptions): PanelBuilder {
  const panel = new PanelBuilder()
    .title(title)
    .description(description)
    .datasource(prometheus)
    .span(24)
    .height(height)
    .unit('none')
    .filterable(true)
    .withTarget(rows(phases, phaseRef));
  for (const [index, { expr }] of columns.entries()) panel.withTarget(rows(`max ${byRank} (${expr})`, refOf(index)));
  panel
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({ id: 'organize', options: organized(columns) })
    .overrideByName(labels.phase, [{ id: 'mappings', value: [phaseColors] }, coloredCell])
    .overrideByName(labels.rank, [{ id: 'links', value: [explorerOfRow().build()] }]);
  for (const column of columns) panel.overrideByName(column.name, propertiesOf(column));
  return panel;
}

const coloredCell: DynamicConfigValue = {
  id: 'custom.cellOptions',
  value: { type: TableCellDisplayMode.ColorBackground, mode: TableCellBackgroundDisplayMode.Basic },
};

function refOf(index: number): string {
  return String.fromCharCode(phaseRef.charCodeAt(0) + 1 + index);
}

/** Which columns there are, in which order, under which names; what merging leaves over is hidden. */
function organized(columns: readonly RankColumn[]) {
  const shown = [...Object.keys(labels), ...columns.map((_, index) => `Value #${refOf(index)}`)];
  return {
    excludeByName: { Time: true, [`Value #${phaseRef}`]: true },
    indexByName: Object.fromEntries(shown.map((name, index) => [name, index])),
    renameByName: {
      ...labels,
      ...Object.fromEntries(columns.map(({ name }, index) => [`Value #${refOf(index)}`, name])),
    },
  };
}

function propertiesOf({ unit, decimals, thresholds }: RankColumn): DynamicConfigValue[] {
  return [
    { id: 'unit', value: unit },
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(thresholds === undefined
      ? []
      : [
          { id: 'thresholds', value: thresholds.build() },
          { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } },
        ]),
  ];
}
