import {
  type DashboardBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as units from '@grafana/grafana-foundation-sdk/units';
import { metricFacts } from '@rankscope/schema';
import { dashboardFrame } from './dashboard-frame.ts';
import { heatPanel } from './heat-panel.ts';
import { explorerOfSeries, type TraceBackend } from './links.ts';
import { type PhasePalette, phasesByNumber } from './phase-palette.ts';
import { buckets, prometheus, range, rangeWithExemplars, rankLegend } from './query.ts';
import { byRank, phaseNumber, select, whileAtWork } from './select.ts';
import { seriesPanel } from './series-panel.ts';
import { risingBadness, stuckSeconds } from './thresholds.ts';
import { timelinePanel } from './timeline-panel.ts';

const inPhases = 'phase=~"$phase"';
const phaseBuckets = select('phaseDuration', { part: '_bucket', where: inPhases });
const waitBuckets = select('barrierWait', { part: '_bucket' });

/** Which rank holds up the others: who is where, since when, and who waits for whom how much of the time. */
export function ranksDashboard(palette: PhasePalette, traces: TraceBackend): DashboardBuilder {
  const frame = dashboardFrame({
    uid: 'rankscope-ranks',
    title: 'Rankscope: Ranks and phases',
    description: 'What every rank does and did, how long it takes, and how much of its time it waits for others.',
    traces,
  });
  frame
    .withVariable(phaseChoice())
    .withPanel(
      timelinePanel({
        title: 'Phases',
        description:
          'The phase each rank was in at each scrape, in the colours of the explorer. Phases shorter than a scrape are ' +
          'seen by chance; the explorer has them all.',
        expr: phaseNumber,
        legend: rankLegend,
        mappings: [phasesByNumber(palette)],
        width: 24,
        height: 9,
      }).dataLinks([explorerOfSeries()]),
    )
    .withPanel(
      heatPanel({
        title: 'Seconds in the present phase',
        description:
          'One row a rank, the stronger the longer it has been in its phase; a rank that rests stays pale. A row that ' +
          'grows while the others do not is a straggler, rows that grow together are a hang.',
        target: range(whileAtWork(`max ${byRank} (clamp_min(time() - ${select('phaseStart')}, 0))`), rankLegend),
        unit: units.Seconds,
        scheme: 'Oranges',
        strongest: 60,
      }),
    )
    .withPanel(
      seriesPanel({
        title: 'Seconds since a rank at work moved',
        description: 'Time since the newest entry of each recorder, on the node’s own clock; 0 while the rank rests.',
        unit: units.Seconds,
        targets: [range(whileAtWork(`max ${byRank} (${select('secondsSinceProgress')})`), rankLegend)],
        height: 9,
        limits: risingBadness(stuckSeconds.look, stuckSeconds.alert),
        atLeast: stuckSeconds.alert,
      }).dataLinks([explorerOfSeries()]),
    )
    .withRow(new RowBuilder('Waiting for each other'));
  for (const panel of waitPanels()) frame.withPanel(panel);
  frame.withRow(new RowBuilder('How long phases take: $phase'));
  for (const panel of durationPanels()) frame.withPanel(panel);
  return frame;
}

function waitPanels() {
  const wait = `rate(${select('barrierWait', { part: '_sum' })}[$__rate_interval])`;
  return [
    seriesPanel({
      title: 'Time inside collectives',
      description:
        'Share of its time that each rank spends inside collectives, sends and receives. All wait for the slowest, so the ' +
        'rank with the least is the one that costs the others their time.',
      unit: units.PercentUnit,
      targets: [range(`max ${byRank} (${wait})`, rankLegend)],
      width: 8,
      atLeast: 1,
    }).dataLinks([explorerOfSeries()]),
    seriesPanel({
      title: 'One collective, 99th percentile',
      description: 'How long the slower collectives of each rank took. The dots are commands, each with its trace.',
      unit: units.Seconds,
      targets: [
        rangeWithExemplars(
          `histogram_quantile(0.99, sum by (le, node, instance_id, model, rank) (rate(${waitBuckets}[$__rate_interval])))`,
          rankLegend,
        ),
      ],
      width: 8,
    }).dataLinks([explorerOfSeries()]),
    seriesPanel({
      title: 'Inside a collective now',
      description: 'How long each rank has been inside the collective it was in at the scrape; 0 outside of one.',
      unit: units.Seconds,
      targets: [range(`max ${byRank} (${select('collectiveOpen')})`, rankLegend)],
      width: 8,
      limits: risingBadness(stuckSeconds.look, stuckSeconds.alert),
    }).dataLinks([explorerOfSeries()]),
    seriesPanel({
      title: 'Collectives per second',
      description: 'Collectives, sends and receives that each rank has finished.',
      unit: units.EventsPerSecond,
      targets: [
        range(`sum ${byRank} (rate(${select('barrierWait', { part: '_count' })}[$__rate_interval]))`, rankLegend),
      ],
    }).dataLinks([explorerOfSeries()]),
    seriesPanel({
      title: 'Tokens per second and rank',
      description: 'Tokens that each rank sampled. One rank of an instance samples for all.',
      unit: 'suffix:tok/s',
      targets: [range(`sum ${byRank} (rate(${select('tokens')}[$__rate_interval]))`, rankLegend)],
    }).dataLinks([explorerOfSeries()]),
  ];
}

function durationPanels() {
  const quantile = (share: number) =>
    `histogram_quantile(${share}, sum by (le, phase) (rate(${phaseBuckets}[$__rate_interval])))`;
  return [
    heatPanel({
      title: 'Phases by how long they took',
      description: 'Finished phases by duration. The dots are commands, each with its trace.',
      target: buckets(`sum by (le) (increase(${phaseBuckets}[$__rate_interval]))`),
      unit: units.Short,
      rowUnit: units.Seconds,
      scheme: 'Blues',
    }),
    seriesPanel({
      title: 'Half of them take at most',
      description: 'The median of each phase over the chosen ranks.',
      unit: units.Seconds,
      targets: [rangeWithExemplars(quantile(0.5), '{{phase}}')],
      height: 9,
    }),
    seriesPanel({
      title: 'All but one in a hundred take at most',
      description: 'The 99th percentile of each phase over the chosen ranks.',
      unit: units.Seconds,
      targets: [rangeWithExemplars(quantile(0.99), '{{phase}}')],
    }),
    seriesPanel({
      title: 'Where the time goes',
      description:
        'Seconds that the chosen ranks together spent in each phase, per second. A phase inside another counts in both.',
      unit: units.Short,
      targets: [
        range(
          `sum by (phase) (rate(${select('phaseDuration', { part: '_sum', where: inPhases })}[$__rate_interval]))`,
          '{{phase}}',
        ),
      ],
    }),
  ];
}

function phaseChoice(): QueryVariableBuilder {
  return new QueryVariableBuilder('phase')
    .label('Phase')
    .datasource(prometheus)
    .query(`label_values(${metricFacts.phaseDuration.name}_count{${chosenByAll}}, phase)`)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

const chosenByAll = 'node=~"$node", instance_id=~"$instance_id", model=~"$model", rank=~"$rank"';
