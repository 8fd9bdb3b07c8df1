import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';

export const dashboardsDir = resolve(import.meta.dirname, '../../grafana/dashboards');

export interface DashboardFile {
  readonly name: string;
  readonly dashboard: Dashboard;
  /** Those in folded rows too; rows themselves are none. */
  readonly panels: readonly Panel[];
}

/** The committed dashboards. */
export const dashboardFiles: readonly DashboardFile[] = readdirSync(dashboardsDir).map((name) => {
  const dashboard: Dashboard = JSON.parse(readFileSync(join(dashboardsDir, name), 'utf8'));
  const panels = (dashboard.panels ?? []).flatMap((panel) => ('panels' in panel ? panel.panels : [panel as Panel]));
  return { name, dashboard, panels };
});

/** One question to Prometheus, and who asks it. */
export interface Question {
  readonly asker: string;
  readonly expr: string;
  /** `{{model}} rank {{rank}}`: labels that the answer must have. */
  readonly legend: string;
  /** It wants the commands that stand for its answer too. */
  readonly exemplar: boolean;
}

/** What the generator writes of a question, as far as tests read it. */
interface Target {
  readonly expr?: string;
  readonly legendFormat?: string;
  readonly exemplar?: boolean;
}

/** Every question of every panel. */
export const panelQuestions: readonly Question[] = dashboardFiles.flatMap(({ name, panels }) =>
  panels.flatMap(({ title, targets = [] }) =>
    (targets as readonly Target[]).map(({ expr = '', legendFormat: legend = '', exemplar = false }) => ({
      asker: `${name}, ${title}`,
      expr,
      legend,
      exemplar,
    })),
  ),
);

/** `label_values(metric{…}, label)` of every variable. */
export const variableQuestions: readonly (Pick<Question, 'asker' | 'expr'> & {
  readonly label: string;
})[] = dashboardFiles.flatMap(({ name, dashboard }) =>
  (dashboard.templating?.list ?? []).flatMap((variable) => {
    const asked = /^label_values\((.*), (\w+)\)$/.exec(String(variable.query));
    if (variable.type !== 'query') return [];
    if (asked === null) throw new Error(`${name}, $${variable.name}: ${variable.query} is no label_values(…)`);
    return [{ asker: `${name}, $${variable.name}`, expr: asked[1] ?? '', label: asked[2] ?? '' }];
  }),
);

/** Puts values in as Grafana does: several become `(a|b)`, and the range is what the test scrapes in. */
export function filledIn(expr: string, chosen: Readonly<Record<string, string>>): string {
  const values: Record<string, string> = { __rate_interval: '10s', __interval: '1s', __range: '5m', ...chosen };
  return expr.replaceAll(/\$\{?(\w+)\}?/g, (whole, name: string) => values[name] ?? whole);
}
