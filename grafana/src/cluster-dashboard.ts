import { type DashboardBuilder, MappingType, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import * as units from '@grafana/grafana-foundation-sdk/units';
import { dashboardFrame } from './dashboard-frame.ts';
import { explorerOfSeries, type TraceBackend } from './links.ts';
import { type PhasePalette, phasesByName } from './phase-palette.ts';
import { range, rankLegend } from './query.ts';
import { rankTable } from './rank-table.ts';
import { byRank, select, whileAtWork } from './select.ts';
import { seriesPanel } from './series-panel.ts';
import { statPanel } from './stat-panel.ts';
import { telemetryPanels } from './telemetry-panels.ts';
import { bad, good, noJudgement, noneIsGood, risingBadness, stuckSeconds } from './thresholds.ts';
import { timelinePanel } from './timeline-panel.ts';

const tokensPerSecond = 'suffix:tok/s';
const stuck = risingBadness(stuckSeconds.look, stuckSeconds.alert);
const sinceProgress = whileAtWork(`max ${byRank} (${select('secondsSinceProgress')})`);

/** The first look: does anything stand still, who answers, how fast is it. */
export function clusterDashboard(palette: PhasePalette, traces: TraceBackend): DashboardBuilder {
  const frame = dashboardFrame({
    uid: 'rankscope-cluster',
    title: 'Rankscope: Cluster',
    description: 'Which rank holds up the others, which node does not answer, and what the cluster gets done.',
    traces,
  });
  for (const panel of headline()) frame.withPanel(panel);
  frame
    .withPanel(
      rankTable({
        title: 'Where every rank is now',
        description:
          'A rank that stands inside a collective waits for others. One that does not, has recorded nothing for as long ' +
          'and is at work, is the one they wait for. The rank’s number leads into the explorer.',
        phases: `max by (node, instance_id, model, rank, phase) (${select('runnerPhase')} == 1)`,
        phaseColors: phasesByName(palette),
        height: 8,
        columns: [
          {
            name: 'In phase',
            expr: `clamp_min(time() - ${select('phaseStart')}, 0)`,
            unit: units.Seconds,
            decimals: 1,
          },
          { name: 'Since last entry', expr: sinceProgress, unit: units.Seconds, decimals: 1, thresholds: stuck },
          {
            name: 'Inside a collective',
            expr: select('collectiveOpen'),
            unit: units.Seconds,
            decimals: 1,
            thresholds: stuck,
          },
          {
            name: 'Time in collectives',
            expr: `rate(${select('barrierWait', { part: '_sum' })}[$__rate_interval])`,
            unit: units.PercentUnit,
            decimals: 0,
          },
          { name: 'MLX memory', expr: select('mlxMemoryActive'), unit: units.BytesIEC, decimals: 1 },
        ],
      }),
    )
    .withPanel(
      seriesPanel({
        title: 'Seconds since a rank at work moved',
        description:
          'Time since the newest entry of each recorder, on the node’s own clock; 0 while the rank rests. Lines that ' +
          'climb together are a hang. The dashed lines are worth a look, and the alert.',
        unit: units.Seconds,
        targets: [range(sinceProgress, rankLegend)],
        limits: stuck,
        atLeast: stuckSeconds.alert,
      }).dataLinks([explorerOfSeries()]),
    )
    .withPanel(
      seriesPanel({
        title: 'Tokens per second by instance',
        description: 'Tokens that were sampled, by model and instance. One rank of an instance samples for all.',
        unit: tokensPerSecond,
        targets: [
          range(
            `sum by (model, instance_id) (rate(${select('tokens')}[$__rate_interval]))`,
            '{{model}} {{instance_id}}',
          ),
        ],
      }).dataLinks([explorerOfSeries()]),
    );
  for (const panel of nodePanels()) frame.withPanel(panel);
  const row = new RowBuilder('Rankscope itself').collapsed(true);
  for (const panel of telemetryPanels()) row.withPanel(panel);
  return frame.withRow(row);
}

function headline() {
  return [
    statPanel({
      title: 'Ranks that do not move',
      description: `Ranks that have something to do and have recorded nothing for ${stuckSeconds.alert} s.`,
      unit: units.Short,
      expr: `sum(${whileAtWork(`max ${byRank} (${select('secondsSinceProgress')} > bool ${stuckSeconds.alert})`)})`,
      thresholds: noneIsGood(),
    }),
    statPanel({
      title: 'Longest inside a collective',
      description: 'How long the rank that has waited longest has been inside the collective it is in now.',
      unit: units.Seconds,
      expr: `max(${select('collectiveOpen')})`,
      thresholds: risingBadness(stuckSeconds.look, stuckSeconds.alert),
      decimals: 1,
    }),
    statPanel({
      title: 'Ranks that run',
      description: 'Processes of ranks that are alive.',
      unit: units.Short,
      expr: `sum(max ${byRank} (${select('runnerUp')}))`,
      thresholds: noJudgement(),
      noValue: 'none',
    }),
    statPanel({
      title: 'Ranks that ended',
      description: 'Ranks of instances that are still wanted and whose process has ended. An answer needs all of them.',
      unit: units.Short,
      expr: `sum(max by (node, instance_id, model) (${select('endedRanks')}))`,
      thresholds: noneIsGood(),
      noValue: 'no instance',
    }),
    statPanel({
      title: 'Nodes that do not answer',
      description: 'Nodes of which at least one plane got no answer when it last asked.',
      unit: units.Short,
      expr: `sum(min by (node) (${select('nodeReachable')}) == bool 0)`,
      thresholds: noneIsGood(),
    }),
    statPanel({
      title: 'Tokens per second',
      description: 'Tokens that were sampled by all instances together.',
      unit: tokensPerSecond,
      expr: `sum(rate(${select('tokens')}[$__rate_interval]))`,
      thresholds: noJudgement(),
      decimals: 1,
      noValue: 'none',
    }),
  ];
}

function nodePanels() {
  const offset = `max by (instance, node) (${select('clockOffset')})`;
  const uncertainty = `max by (instance, node) (${select('clockUncertainty')})`;
  return [
    timelinePanel({
      title: 'Nodes',
      description:
        'Whether each node answered when it was last asked, by whoever fared worst. A plane names itself too.',
      expr: `min by (node) (${select('nodeReachable')})`,
      legend: '{{node}}',
      width: 12,
      height: 8,
      mappings: [
        {
          type: MappingType.ValueToText,
          options: {
            '1': { text: 'answers', color: good, index: 0 },
            '0': { text: 'no answer', color: bad, index: 1 },
          },
        },
      ],
    }),
    seriesPanel({
      title: 'How long asking all nodes takes',
      description:
        'The last question of each plane to all nodes. A node that is silent makes it as long as the deadline.',
      unit: units.Seconds,
      targets: [range(`max by (node) (${select('gatherDuration')})`, 'asked by {{node}}')],
    }),
    seriesPanel({
      title: 'Clocks',
      description:
        'How far the clock of each node is ahead of the plane that asked, with the bound that question and answer give: ' +
        'the truth lies between the lines of a node.',
      unit: units.Seconds,
      targets: [
        range(`${offset} - ${uncertainty}`, '{{node}} at least, by {{instance}}'),
        range(offset, '{{node}}, by {{instance}}'),
        range(`${offset} + ${uncertainty}`, '{{node}} at most, by {{instance}}'),
      ],
      lowest: null,
    }).axisCenteredZero(true),
    seriesPanel({
      title: 'Memory of the nodes that is left',
      description: 'Share of each machine’s memory that it could still give to a process.',
      unit: units.PercentUnit,
      targets: [range(`min by (node) (${select('nodeMemoryAvailable')} / ${select('nodeMemoryTotal')})`, '{{node}}')],
      atLeast: 1,
    }),
  ];
}
