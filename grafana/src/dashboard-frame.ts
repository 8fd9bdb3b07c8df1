import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type AnnotationQuery,
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { metricFacts } from '@rankscope/schema';
import { dashboardsOf, explorer, type TraceBackend, traces } from './links.ts';
import { prometheus } from './query.ts';
import { chosenLabels } from './select.ts';

/** By it the dashboards find each other. */
const tag = 'rankscope';
/** The plane that `npm start` opens. */
const defaultPlane = 'http://127.0.0.1:52500';

export interface FrameOptions {
  /** `rankscope-cluster`: stays the same for ever, links lead to it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly traces: TraceBackend;
}

/** What every dashboard of ours has: choice of source and ranks, links out, alerts over all graphs, one crosshair. */
export function dashboardFrame({ uid, title, description, traces: backend }: FrameOptions): DashboardBuilder {
  const frame = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([tag])
    .time({ from: 'now-15m', to: 'now' })
    .refresh('10s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(source('prometheus', 'Metrics', 'prometheus'))
    .withVariable(source('traces', 'Traces', backend));
  for (const [at, label] of chosenLabels.entries()) frame.withVariable(choice(label, chosenLabels.slice(0, at)));
  return frame
    .withVariable(
      new TextBoxVariableBuilder('plane')
        .label('Plane')
        .description('Where links into the explorer lead')
        .defaultValue(defaultPlane)
        .current({ text: defaultPlane, value: defaultPlane }),
    )
    .annotation(firingAlerts())
    .link(dashboardsOf(tag))
    .link(explorer())
    .link(traces(backend));
}

function source(name: string, label: string, kind: string): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder(name).label(label).type(kind).multi(false).includeAll(false);
}

const names: Record<(typeof chosenLabels)[number], string> = {
  node: 'Node',
  instance_id: 'Instance',
  model: 'Model',
  rank: 'Rank',
};

/** What ranks there were in the range on screen, narrowed by what was chosen before. */
function choice(
  label: (typeof chosenLabels)[number],
  narrowedBy: readonly (typeof chosenLabels)[number][],
): QueryVariableBuilder {
  const matchers = narrowedBy.map((name) => `${name}=~"$${name}"`).join(', ');
  return (
    new QueryVariableBuilder(label)
      .label(names[label])
      .datasource(prometheus)
      .query(`label_values(${metricFacts.runnerUp.name}${matchers === '' ? '' : `{${matchers}}`}, ${label})`)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(label === 'rank' ? VariableSort.NumericalAsc : VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      // Not the list of all that there are: what speaks of a node alone has no rank, and a list would leave it out.
      .allValue('.*')
      .current({ selected: true, text: ['All'], value: ['$__all'] })
  );
}

function firingAlerts(): Builder<AnnotationQuery> {
  const alerts = new AnnotationQueryBuilder()
    .name('Alerts')
    .datasource(prometheus)
    .enable(true)
    .iconColor('red')
    .expr('ALERTS{alertname=~"Rankscope.*", alertstate="firing"}')
    .titleFormat('{{alertname}}')
    .textFormat('{{model}} rank {{rank}} {{node}}')
    .tagKeys('severity')
    .step('10s');
  return {
    build() {
      // In sight, like the links: left to the SDK the switch would lie in a menu.
      const { placement: _menu, ...query } = alerts.build();
      return query;
    },
  };
}
