import { metricFacts, phaseFacts } from '@rankscope/schema';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dashboardFiles, filledIn, panelQuestions, variableQuestions } from '../support/dashboard-files.ts';
import { type StartedPlane, startPlane } from '../support/plane-harness.ts';
import { chatBody, eventually, getJson, post, timelineOf } from '../support/plane-requests.ts';
import { prometheusFiles, type StartedPrometheus, startPrometheus, whyNoPrometheus } from '../support/prometheus.ts';
import { promqlFaults } from '../support/promql-faults.ts';
import { promtool } from '../support/promtool.ts';
import { nativeIsBuilt } from '../support/runner-subjects.ts';
import { metricsThatAreAbsent } from './metrics-that-are-absent.ts';

const everything = { node: '.*', instance_id: '.*', model: '.*', rank: '.*', phase: '.*' };
const missing = whyNoPrometheus() ?? (nativeIsBuilt ? null : 'the native core is not built, run `npm run native`');
if (missing !== null) test.skip(`a real Prometheus over two real ranks: ${missing}`, () => undefined);

describe.skipIf(missing !== null)('a real Prometheus over two real ranks', () => {
  /** Of two planes: the one that runs the ranks and asks the other. */
  let plane: StartedPlane;
  let other: StartedPlane;
  let prometheus: StartedPrometheus;
  beforeAll(async () => {
    plane = await startPlane({ args: ['--model', 'tiny', '--ranks', '2'] });
    other = await startPlane({ args: ['--no-model', '--join', plane.url] });
    prometheus = await startPrometheus(plane.url);
  });
  afterAll(() => Promise.all([prometheus, plane, other].map((one) => one?.stop())));

  const chat = (tokens = 40) => post(`${plane.url}/v1/chat/completions`, chatBody({ max_tokens: tokens }));
  const inject = async (fault: object) => {
    const { status } = await post(`${plane.url}/v1/diagnostics/node/inject`, fault);
    expect(status).toBe(200);
  };
  const withSeries = (expr: string, withinMs = 30_000) =>
    eventually(
      () => prometheus.query(expr),
      (series) => series.length > 0,
      withinMs,
    );

  test('finds every plane by asking one, and no label of ours is renamed', async () => {
    const targets = await eventually(
      () => prometheus.targets(),
      (all) => all.length === 2 && all.every(({ health }) => health === 'up'),
      20_000,
    );
    expect(targets.map(({ scrapeUrl }) => scrapeUrl).toSorted()).toEqual(
      [plane, other].map(({ url }) => `${url}/metrics`).toSorted(),
    );
    const labels = await prometheus.labelNames();
    expect(labels).toEqual(expect.arrayContaining(['node', 'instance_id', 'model', 'rank', 'instance', 'job']));
    expect(labels.filter((label) => label.startsWith('exported_'))).toEqual([]);
  });

  test('what a plane exposes is clean by promtool, in both formats', async () => {
    await (await chat()).text();
    for (const { url } of [plane, other]) {
      const text = await (await fetch(`${url}/metrics`)).text();
      expect(promtool(['check', 'metrics'], text)).toEqual({ code: 0, said: '' });
    }
    // OpenMetrics is what Prometheus itself takes; a line that it cannot read would have made the target unhealthy.
    expect((await prometheus.targets()).map(({ lastError }) => lastError)).toEqual(['', '']);
  });

  test('every metric of the table is there, or has a reason not to be', async () => {
    const absent = new Set(Object.keys(metricsThatAreAbsent));
    for (const [key, { name, kind }] of Object.entries(metricFacts)) {
      const sample = kind === 'histogram' ? `${name}_count` : name;
      if (absent.has(key)) expect(await prometheus.query(sample), name).toEqual([]);
      else expect((await withSeries(sample)).length, name).toBeGreaterThan(0);
    }
  });

  test('every variable of every dashboard offers something', async () => {
    for (const { asker, expr, label } of variableQuestions) {
      const match = filledIn(expr, everything);
      expect(promqlFaults(match), asker).toEqual([]);
      expect((await prometheus.labelValues(label, match)).length, asker).toBeGreaterThan(0);
    }
  });

  test('every panel’s questions can be asked and bring series, for all and for what was chosen', async () => {
    const nodes = await Promise.all([plane, other].map(({ url }) => getJson<string>(`${url}/node_id`)));
    const [instance = ''] = await prometheus.labelValues('instance_id', 'rankscope_runner_up');
    const chosen = {
      node: `(${nodes.join('|')})`,
      instance_id: instance,
      model: 'tiny',
      rank: '(0|1)',
      phase: 'decode_stream',
    };
    const work = new AbortController();
    const working = keepWorking(work.signal);
    const absentNames = Object.keys(metricsThatAreAbsent).map(
      (key) => metricFacts[key as keyof typeof metricFacts].name,
    );
    const found = { series: 0, absent: 0 };
    for (const { asker, expr, legend } of panelQuestions) {
      const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      for (const values of [everything, chosen]) {
        const asked = filledIn(expr, values);
        expect(asked, asker).not.toContain('$');
        expect(promqlFaults(asked), asker).toEqual([]);
        if (absentNames.some((name) => asked.includes(name))) {
          expect(await prometheus.query(asked), `${asker}: no longer absent`).toEqual([]);
          found.absent += 1;
        } else {
          const series = await withSeries(asked).catch((error: Error) =>
            expect.fail(`${asker}: ${asked}\n${error.message}`),
          );
          for (const { metric } of series)
            expect(Object.keys(metric), `${asker}: a legend of ${legend}`).toEqual(expect.arrayContaining(named));
          found.series += 1;
        }
      }
    }
    work.abort();
    await working;
    expect(found.series + found.absent).toBe(2 * panelQuestions.length);
    expect(found.series).toBeGreaterThan(2 * found.absent);
  });

  /** The numbers that a panel of one question shows now. */
  async function shownBy(asker: string): Promise<number[]> {
    const { expr } = panelQuestions.find((question) => question.asker === asker) ?? expect.fail(`there is no ${asker}`);
    return (await prometheus.query(filledIn(expr, everything))).map(({ value }) => Number(value[1]));
  }

  /** Rates want something that goes on while they are asked for. */
  async function keepWorking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await (await chat(80)).text();
  }

  test('an example of a slow phase is the trace of a real command', async () => {
    const answer = await chat();
    const traceId = answer.headers.get('x-rankscope-command-id')?.replaceAll('-', '') ?? '';
    await answer.text();
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    for (const metric of ['rankscope_phase_duration_seconds_bucket', 'rankscope_barrier_wait_seconds_bucket'])
      await eventually(
        () => prometheus.traceIds(metric),
        (ids) => ids.includes(traceId),
      );
    const asking = panelQuestions.filter(({ exemplar }) => exemplar);
    expect(asking.length).toBeGreaterThan(2);
    for (const { asker, expr } of asking)
      expect(await prometheus.traceIds(filledIn(expr, everything)), asker).toContain(traceId);
  });

  test('a server at rest is no hang; a rank that is frozen is, and it is over when it is let go', async () => {
    const firing = () => prometheus.alerts('RankscopeHangSuspected');
    // Nobody is at work any more.
    await eventually(
      () => prometheus.query('rankscope:stuck_seconds'),
      (series) => series.length === 0,
    );
    expect(await prometheus.query('max_over_time(ALERTS{alertname="RankscopeHangSuspected"}[10m])')).toEqual([]);

    await inject({ kind: 'hang', rank: 1, at: 'decode_barrier', after: 2 });
    const answer = chat();
    // The committed rule as it stands: not moved for 15 s, and that for another 15 s.
    const alerts = await eventually(firing, (all) => all.length === 2, 60_000);
    const said = (rank: string) => alerts.find(({ labels }) => labels.rank === rank)?.annotations.description;
    expect(said('0')).toMatch(
      /^Rank 0 of tiny .* is in decode_\w+ .*It stands inside a collective and waits for others\.$/,
    );
    expect(said('1')).toMatch(/^Rank 1 of tiny .*It is not inside a collective: others may be waiting for it\.$/);
    expect(await shownBy('cluster.json, Ranks that do not move')).toEqual([2]);
    expect((await shownBy('cluster.json, Longest inside a collective'))[0]).toBeGreaterThan(15);
    expect(await shownBy('cluster.json, Ranks that run')).toEqual([2]);
    expect(await shownBy('ranks-and-phases.json, Phases')).toEqual([0, 1].map(() => phaseFacts.decode_barrier.code));
    const annotation = dashboardFiles.map(({ dashboard }) => dashboard.annotations?.list?.[0]?.expr ?? '');
    for (const expr of annotation) expect((await prometheus.query(expr)).length).toBeGreaterThan(0);

    await inject({ kind: 'release', rank: 1 });
    expect((await answer).status).toBe(200);
    await eventually(firing, (all) => all.length === 0, 20_000);
    await eventually(
      () => shownBy('cluster.json, Ranks that do not move'),
      ([stuck]) => stuck === 0,
    );
  });

  test('a rank that is killed vanishes with all its series, and is told to be dead', async () => {
    const { runners } = await timelineOf(plane.url, '?limit=1');
    process.kill(runners[1]?.pid ?? 0, 'SIGKILL');
    await eventually(
      () => prometheus.query('{__name__=~"rankscope_.*", rank=~".+"}'),
      (series) => series.length === 0,
      30_000,
    );
    const dead = await eventually(
      () => prometheus.alerts('RankscopeRankDead'),
      (all) => all.length === 2,
    );
    expect(dead.map(({ labels }) => labels.rank).toSorted()).toEqual(['0', '1']);
    expect(await prometheus.query('up == 0'), 'its plane lives').toEqual([]);
  });

  test('a plane that is gone is told by the one that asks it, although nobody looked at the cluster', async () => {
    const nodeId = await getJson<string>(`${other.url}/node_id`);
    expect((await prometheus.query(`rankscope_node_reachable{node="${nodeId}"} == 1`)).length).toBeGreaterThan(0);
    process.kill(other.pid, 'SIGKILL');
    await withSeries(`min by (node) (rankscope_node_reachable{node="${nodeId}"}) == 0`);
    await withSeries('up{job="rankscope"} == 0');
  });
});

describe.skipIf(whyNoPrometheus() !== null)('the files that Prometheus reads', () => {
  const file = (name: string) => `${prometheusFiles}/${name}`;
  test.each([
    ['the scrape file', ['check', 'config', file('prometheus.yaml')]],
    ['the rules', ['check', 'rules', file('rules.yaml')]],
    ['each alert, firing and resting', ['test', 'rules', file('rules.test.yaml')]],
  ])('%s: promtool finds nothing wrong', (_, args) => {
    const { code, said } = promtool(args);
    expect([code, said]).toEqual([0, expect.stringContaining('SUCCESS')]);
    expect(said).not.toMatch(/FAILED|warn/i);
  });
});
