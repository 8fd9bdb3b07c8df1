import type { DashboardBuilder, DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import * as units from '@grafana/grafana-foundation-sdk/units';
import { dashboardFrame } from './dashboard-frame.ts';
import { explorerOfSeries, type TraceBackend } from './links.ts';
import { type PhasePalette, phasesByName } from './phase-palette.ts';
import { range, rankLegend } from './query.ts';
import { rankTable } from './rank-table.ts';
import { byRank, select } from './select.ts';
import { seriesPanel } from './series-panel.ts';
import { statPanel } from './stat-panel.ts';
import { bad, good, noJudgement, notable, risingBadness, steps } from './thresholds.ts';

const ofRank = (metric: Parameters<typeof select>[0]) => `max ${byRank} (${select(metric)})`;
const ofLimit = `max ${byRank} (${select('mlxMemoryActive')} / ${select('mlxMemoryWiredLimit')})`;
const nodeLeft = `${select('nodeMemoryAvailable')} / ${select('nodeMemoryTotal')}`;

/** What MLX holds on every rank, what it could give back, and how near the limits are. */
export function memoryDashboard(palette: PhasePalette, traces: TraceBackend): DashboardBuilder {
  const frame = dashboardFrame({
    uid: 'rankscope-memory',
    title: 'Rankscope: MLX memory',
    description: 'What MLX holds on every rank, what it keeps for reuse, and how near that is to what there is.',
    traces,
  });
  for (const panel of headline()) frame.withPanel(panel);
  for (const panel of courses()) frame.withPanel(panel);
  return frame.withPanel(
    rankTable({
      title: 'Memory of every rank now',
      description: 'By MLX’s own getters. The rank’s number leads into the explorer.',
      phases: `max by (node, instance_id, model, rank, phase) (${select('runnerPhase')} == 1)`,
      phaseColors: phasesByName(palette),
      height: 8,
      columns: [
        { name: 'Active', expr: select('mlxMemoryActive'), unit: units.BytesIEC, decimals: 1 },
        { name: 'Cache', expr: select('mlxMemoryCache'), unit: units.BytesIEC, decimals: 1 },
        { name: 'Peak', expr: select('mlxMemoryPeak'), unit: units.BytesIEC, decimals: 1 },
        { name: 'Wired limit', expr: select('mlxMemoryWiredLimit'), unit: units.BytesIEC, decimals: 1 },
      ],
    }),
  );
}

function headline() {
  return [
    statPanel({
      title: 'Active',
      description: 'Memory that MLX uses for arrays, over the chosen ranks.',
      unit: units.BytesIEC,
      expr: `sum(${ofRank('mlxMemoryActive')})`,
      thresholds: noJudgement(),
    }),
    statPanel({
      title: 'Cache',
      description: 'Memory that MLX keeps for reuse, over the chosen ranks. It can be given back.',
      unit: units.BytesIEC,
      expr: `sum(${ofRank('mlxMemoryCache')})`,
      thresholds: noJudgement(),
    }),
    statPanel({
      title: 'Highest peak of a rank',
      description: 'The most that any of the chosen ranks has used since its process began.',
      unit: units.BytesIEC,
      expr: `max(${select('mlxMemoryPeak')})`,
      thresholds: noJudgement(),
    }),
    statPanel({
      title: 'Largest against smallest rank',
      description:
        'How many times as much the largest rank of an instance uses as its smallest. Shards are seldom equal; far from 1 one node carries the others.',
      unit: 'suffix:×',
      expr: `max(max by (instance_id) (${ofRank('mlxMemoryActive')}) / min by (instance_id) (${ofRank('mlxMemoryActive')}))`,
      thresholds: risingBadness(2, 4),
      decimals: 2,
    }),
    statPanel({
      title: 'Nearest to its wired limit',
      description: 'The rank that uses most of the memory that may stay wired. Only Metal has such a limit.',
      unit: units.PercentUnit,
      expr: `max(${ofLimit})`,
      thresholds: risingBadness(0.8, 0.9),
      decimals: 0,
      noValue: 'no limit here',
    }),
    statPanel({
      title: 'Least left on a node',
      description: 'Share of its memory that the fullest of the chosen machines could still give to a process.',
      unit: units.PercentUnit,
      expr: `min(${nodeLeft})`,
      thresholds: steps([null, bad], [0.05, notable], [0.15, good]),
      decimals: 0,
    }),
  ];
}

/** The limit is a line, not a quantity. */
const limitLine: DynamicConfigValue[] = [
  { id: 'color', value: { mode: 'fixed', fixedColor: notable } },
  { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 6] } },
  { id: 'custom.fillOpacity', value: 0 },
];

function courses() {
  return [
    seriesPanel({
      title: 'Active by rank',
      description: 'Memory that MLX uses for arrays. Where there is a wired limit it is the dashed line.',
      unit: units.BytesIEC,
      targets: [
        range(ofRank('mlxMemoryActive'), rankLegend),
        range(ofRank('mlxMemoryWiredLimit'), `${rankLegend} limit`),
      ],
    })
      .overrideByRegexp('.* limit$', limitLine)
      .dataLinks([explorerOfSeries()]),
    seriesPanel({
      title: 'Cache by rank',
      description: 'Memory that MLX keeps for reuse. A cache that grows with every command wants a limit.',
      unit: units.BytesIEC,
      targets: [range(ofRank('mlxMemoryCache'), rankLegend)],
    }).dataLinks([explorerOfSeries()]),
    seriesPanel({
      title: 'Peak by rank',
      description: 'Most memory that MLX has used since the rank’s process began.',
      unit: units.BytesIEC,
      targets: [range(ofRank('mlxMemoryPeak'), rankLegend)],
    }).dataLinks([explorerOfSeries()]),
    seriesPanel({
      title: 'Memory of the nodes that is left',
      description: 'What each machine could still give to a process, whoever has the rest.',
      unit: units.BytesIEC,
      targets: [range(`max by (node) (${select('nodeMemoryAvailable')})`, '{{node}}')],
    }),
  ];
}
