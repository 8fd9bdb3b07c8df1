import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { metricFacts } from '@rankscope/schema';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboards, dashboardText } from '../../grafana/src/dashboards.ts';
import { readPhasePalette } from '../../grafana/src/phase-palette.ts';
import { restingPhases } from '../../grafana/src/select.ts';
import { stuckSeconds } from '../../grafana/src/thresholds.ts';
import { dashboardFiles, filledIn, panelQuestions, variableQuestions } from '../support/dashboard-files.ts';
import { root, textOf, trackedFiles } from './tracked-files.ts';

const palette = readPhasePalette(textOf('apps/web/src/app/colors.css'));

test('the committed dashboards are what the generator writes', () => {
  const due = 'run: node grafana/generate.ts';
  const written = dashboards(palette, 'jaeger');
  expect(dashboardFiles.map(({ name }) => name).toSorted(), due).toEqual([...written.keys()].toSorted());
  for (const [name, dashboard] of written)
    expect(textOf(`grafana/dashboards/${name}`) === dashboardText(dashboard), `${name}: ${due}`).toBe(true);
});

test('every panel says what it shows, in which unit, and asks the source that was chosen', () => {
  for (const { name, dashboard, panels } of dashboardFiles) {
    expect(dashboard.uid, name).toMatch(/^rankscope-[a-z-]+$/);
    expect(dashboard.graphTooltip, 'one crosshair').toBe(1);
    for (const { title = '', description = '', fieldConfig, targets = [], datasource } of panels) {
      const where = `${name}, ${title}`;
      expect(title.length, where).toBeGreaterThan(3);
      expect(description, where).toMatch(/^[A-Z].{20,}\.$/);
      expect(fieldConfig?.defaults.unit ?? '', where).not.toBe('');
      expect(targets.length, where).toBeGreaterThan(0);
      const refIds = targets.map((target) => (target as { refId?: string }).refId);
      expect(new Set(refIds).size, where).toBe(targets.length);
      expect(refIds, where).not.toContain(undefined);
      const sources = [datasource, ...targets.map((target) => (target as { datasource?: object }).datasource)];
      for (const source of sources) expect(source, where).toEqual({ type: 'prometheus', uid: '${prometheus}' });
    }
    expect(new Set(panels.map(({ title }) => title)).size, `${name}: titles`).toBe(panels.length);
  }
});

test('panels have numbers of their own, lie on the grid, and on nobody else', () => {
  for (const { name, dashboard } of dashboardFiles) {
    const top = dashboard.panels ?? [];
    const all = top.flatMap((panel): (Panel | RowPanel)[] => [panel, ...('panels' in panel ? panel.panels : [])]);
    expect(new Set(all.map(({ id }) => id)).size, name).toBe(all.length);
    const taken = new Map<string, string>();
    for (const { title = '', gridPos } of all) {
      const { x = -1, y = -1, w = 0, h = 0 } = gridPos ?? {};
      expect([x >= 0, y >= 0, w > 0, h > 0, x + w <= 24], `${name}, ${title}`).toEqual([true, true, true, true, true]);
      for (let column = x; column < x + w; column += 1)
        for (let line = y; line < y + h; line += 1) {
          expect(taken.get(`${column} ${line}`), `${name}: ${title} lies on`).toBeUndefined();
          taken.set(`${column} ${line}`, title);
        }
    }
  }
});

/** `rankscope_…` in a query is a metric of the table, or a part of a histogram of it. */
const known = new Set(
  Object.values(metricFacts).flatMap(({ name, kind }) =>
    kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
  ),
);
const rules: {
  groups: {
    rules: {
      record?: string;
      alert?: string;
      expr: string;
      for?: string;
      labels?: Record<string, string>;
      annotations?: Record<string, string>;
    }[];
  }[];
} = parse(textOf('grafana/prometheus/rules.yaml'));
const allRules = rules.groups.flatMap((group) => group.rules);
const alerts = allRules.flatMap(({ alert, ...rule }) => (alert === undefined ? [] : [{ alert, ...rule }]));

test('dashboards and rules ask for metrics that there are', () => {
  const asked = [...panelQuestions, ...variableQuestions, ...allRules.map(({ expr }) => ({ asker: 'rules', expr }))];
  for (const { asker, expr } of asked)
    for (const [name] of expr.matchAll(/\brankscope_[a-z_]+/g)) expect([...known], `${asker}: ${name}`).toContain(name);
  const recorded = allRules.map(({ record }) => record);
  for (const { asker, expr } of panelQuestions)
    expect(expr, `${asker}: works without the rules too`).not.toMatch(/rankscope:/);
  for (const { expr } of alerts)
    for (const [name] of expr.matchAll(/rankscope:[a-z_:0-9]+/g)) expect(recorded).toContain(name);
});

test('dashboards, rules and schema mean the same by a hang', () => {
  const stuck = allRules.find(({ record }) => record === 'rankscope:stuck_seconds');
  expect(stuck?.expr).toContain(`{phase!~"${restingPhases.join('|')}"}`);
  expect(alerts.find(({ alert }) => alert === 'RankscopeHangSuspected')).toMatchObject({
    expr: `rankscope:stuck_seconds > ${stuckSeconds.alert}`,
  });
});

test('every alert says who and what, leads to its runbook, and is tested firing and resting', () => {
  const runbook = [...textOf('grafana/README.md').matchAll(/^### (\w+)$/gm)].map(([, heading = '']) => heading);
  expect(runbook.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
  const cases: { alert_rule_test?: { alertname: string; exp_alerts: unknown[] }[] }[] = parse(
    textOf('grafana/prometheus/rules.test.yaml'),
  ).tests;
  const tested = cases.flatMap(({ alert_rule_test: tests = [] }) => tests);
  for (const { alert, labels, annotations } of alerts) {
    expect(['critical', 'warning'], alert).toContain(labels?.severity);
    expect(annotations?.summary, alert).toMatch(/\{\{ \$labels\.\w+/);
    expect(annotations?.description, alert).toMatch(/\{\{ \$labels\.(node|instance) \}\}/);
    expect(annotations?.runbook_url, alert).toBe(`grafana/README.md#${alert.toLowerCase()}`);
    const outcomes = tested.filter(({ alertname }) => alertname === alert).map((each) => each.exp_alerts.length > 0);
    expect([outcomes.includes(true), outcomes.includes(false)], alert).toEqual([true, true]);
  }
});

test('links take the range along, and the one into traces is an address that Grafana can read', () => {
  for (const traces of ['jaeger', 'tempo'] as const) {
    for (const [name, { links, templating }] of dashboards(palette, traces)) {
      const urls = (links ?? []).flatMap(({ url }) => url ?? []);
      expect(urls, name).toContain('${plane}/timeline?${__url_time_range}');
      const [explore = ''] = urls.filter((url) => url.startsWith('/explore?'));
      const filled = filledIn(explore, { traces: 'the-traces', __from: '1', __to: '2' });
      const panes = JSON.parse(new URLSearchParams(filled.slice(filled.indexOf('?'))).get('panes') ?? '');
      expect(panes.ranks.range, name).toEqual({ from: '1', to: '2' });
      expect(panes.ranks.queries[0].datasource, name).toEqual({ type: traces, uid: 'the-traces' });
      expect(templating?.list?.find((variable) => variable.name === 'traces')?.query).toBe(traces);
    }
  }
});

test('the generator writes another set for Tempo, and refuses what it does not know', () => {
  const out = mkdtempSync(join(tmpdir(), 'rankscope-dashboards-'));
  const generate = (traces: string) =>
    execFileSync(process.execPath, [join(root, 'grafana/generate.ts'), '--traces', traces, '--out', out], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  try {
    generate('tempo');
    expect(readFileSync(join(out, 'cluster.json'), 'utf8')).toBe(
      dashboardText(dashboards(palette, 'tempo').get('cluster.json') ?? expect.fail('there is no cluster.json')),
    );
    expect(() => generate('zipkin')).toThrow(/take one of jaeger, tempo/);
  } finally {
    rmSync(out, { recursive: true });
  }
});

test('what is provisioned belongs together', () => {
  const { datasources }: { datasources: { uid: string; jsonData?: Record<string, unknown> }[] } = parse(
    textOf('grafana/provisioning/datasources/rankscope.yaml'),
  );
  const scrape = parse(textOf('grafana/prometheus/prometheus.yaml'));
  const [metrics, traces] = datasources;
  expect(metrics?.jsonData).toMatchObject({
    timeInterval: scrape.global.scrape_interval,
    exemplarTraceIdDestinations: [{ name: 'trace_id', datasourceUid: traces?.uid }],
  });
  expect(trackedFiles).toContain('grafana/provisioning/dashboards/rankscope.yaml');
});
