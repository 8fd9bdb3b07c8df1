// P5: what a span costs on its way into a plane, beside Jaeger in the same run. `npm run bench -- otlp-intake`.
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { ClusterTimeline } from '@rankscope/schema';
import { findJaeger, startJaeger } from '../support/otlp/jaeger.ts';
import { cpuSecondsOf, pinTo, untilIdle } from '../support/otlp/pinned-process.ts';
import { makeRankSpans, type RankSpans } from '../support/otlp/rank-spans.ts';
import { startPlane } from '../support/plane-harness.ts';
import { type Figure, report } from './report.ts';

const passes = 3;
const rounds = 3;
const connections = 4;
const shape = { batches: 391, spansPerBatch: 512, spansPerTrace: 64, ranks: 8 };
const spansPerRound = shape.batches * shape.spansPerBatch;
/** What Jaeger was seen to use on a quiet machine, in CPU seconds for 100,000 spans: the goal where there is no Jaeger. */
const jaegerSeen = { plain: 0.23, gzip: 0.28 };

interface Subject {
  readonly url: string;
  readonly pid: number;
  /** Its threads besides Node's own are those of an entry store, and are counted for themselves. */
  readonly hasStore: boolean;
}

/** CPU seconds for 100,000 spans. */
interface Cost {
  readonly intake: number;
  readonly store: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: connections });

/** Sends a request, again when it is told to come later. Anything but 200 then is an error. */
async function send(url: string, body: Buffer, gzip: boolean): Promise<void> {
  for (;;) {
    const { status, retryAfter } = await post(url, body, gzip);
    if (status === 200) return;
    if (status !== 503 && status !== 429) throw new Error(`${url} answered ${status}`);
    await wait(Math.max(0.1, retryAfter) * 1000);
  }
}

function post(url: string, body: Buffer, gzip: boolean): Promise<{ status: number; retryAfter: number }> {
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-length': body.length,
    ...(gzip && { 'content-encoding': 'gzip' }),
  };
  return new Promise((done, fail) => {
    const call = request(`${url}/v1/traces`, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () =>
        done({ status: answer.statusCode ?? 0, retryAfter: Number(answer.headers['retry-after']) || 0 }),
      );
    });
    call.on('error', fail);
    call.end(body);
  });
}

async function measure({ url, pid, hasStore }: Subject, { requests }: RankSpans, gzip: boolean): Promise<Cost> {
  const bodies = gzip ? requests.map((body) => gzipSync(body)) : requests;
  const before = cpuSecondsOf(pid);
  let next = 0;
  const work = async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await send(url, body, gzip);
  };
  await Promise.all(Array.from({ length: connections }, work));
  await untilIdle(pid);
  const after = cpuSecondsOf(pid);
  const per100k = (seconds: number) => (seconds / spansPerRound) * 100_000;
  const store = hasStore ? after.others - before.others : 0;
  return { intake: per100k(after.all - before.all - store), store: per100k(store) };
}

/** Looks for every span of the last round where people look: both its entries, at its times, at its rank. */
async function countReadable(url: string, { sent }: RankSpans): Promise<number> {
  const answer = await fetch(`${url}/v1/diagnostics/cluster/timeline?limit=65536`, {
    signal: AbortSignal.timeout(120_000),
  });
  const { timeline } = (await answer.json()) as ClusterTimeline;
  const entries = new Set(timeline.map(({ deviceRank, at, event }) => `${deviceRank} ${at.slice(0, 27)} ${event}`));
  const timeText = (us: number) =>
    `${new Date(Math.floor(us / 1000)).toISOString().slice(0, -1)}${String(us % 1000).padStart(3, '0')}Z`;
  const has = (rank: number, us: number, event: string) => entries.has(`${rank} ${timeText(us)} ${event}`);
  return sent.filter(({ rank, startUs, endUs }) => has(rank, startUs, 'enter') && has(rank, endUs, 'exit')).length;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

interface Pass {
  /** CPU seconds for 100,000 spans of a server that has just begun, and compiles what it runs. */
  readonly first: number;
  readonly others: readonly Cost[];
}

/** One server from its start on: the first round warms it up, the others count. */
async function runPass(subject: Subject, sets: readonly RankSpans[], gzip: boolean): Promise<Pass> {
  if (!pinTo('0', subject.pid)) console.log('taskset is not here: nothing is pinned to a core');
  const costs: Cost[] = [];
  for (const set of sets) costs.push(await measure(subject, set, gzip));
  const [first, ...others] = costs;
  return { first: first?.intake ?? Number.NaN, others };
}

const jaegerProgram = findJaeger();
if (jaegerProgram === null) console.log('no Jaeger: name one in RANKSCOPE_BENCH_JAEGER to have it measured beside us');
console.log('making spans …');
const startMs = Date.now() - 600_000;
const sets = Array.from({ length: rounds + 1 }, (_, round) =>
  makeRankSpans({ ...shape, startNs: BigInt(startMs + round * 60_000) * 1_000_000n, traceFrom: round * 10_000 }),
);
pinTo('1', process.pid);

const ours: Record<'plain' | 'gzip', Cost[]> = { plain: [], gzip: [] };
const jaegers: Record<'plain' | 'gzip', Cost[]> = { plain: [], gzip: [] };
const firsts = { ours: [] as number[], jaeger: [] as number[] };
let readable = 0;
let expected = 0;
for (const how of ['plain', 'gzip'] as const) {
  for (let pass = 0; pass < passes; pass += 1) {
    const plane = await startPlane();
    try {
      const { first, others } = await runPass({ ...plane, hasStore: true }, sets, how === 'gzip');
      ours[how].push(...others);
      firsts.ours.push(first);
      const last = sets.at(-1);
      if (last !== undefined) {
        readable += await countReadable(plane.url, last);
        expected += last.sent.length;
      }
    } finally {
      await plane.stop();
    }
    if (jaegerProgram === null) continue;
    const jaeger = await startJaeger(jaegerProgram);
    try {
      const { first, others } = await runPass({ ...jaeger, hasStore: false }, sets, how === 'gzip');
      jaegers[how].push(...others);
      firsts.jaeger.push(first);
    } finally {
      await jaeger.stop();
    }
  }
}

const shown = (values: readonly number[]) => values.map((value) => value.toFixed(3)).join(' ');
const cost = (costs: readonly Cost[]) => costs.map(({ intake }) => intake);
const ratios = (how: 'plain' | 'gzip') => cost(ours[how]).map((own, i) => (cost(jaegers[how])[i] ?? Number.NaN) / own);
const perSecond = (costs: readonly Cost[]) => `${Math.round(100 / median(cost(costs)))} k`;
console.log(`\nspans per CPU second: ours ${perSecond(ours.plain)}, gzip ${perSecond(ours.gzip)}`);
if (jaegerProgram !== null) {
  console.log(`spans per CPU second: Jaeger ${perSecond(jaegers.plain)}, gzip ${perSecond(jaegers.gzip)}`);
  for (const how of ['plain', 'gzip'] as const)
    console.log(`Jaeger, ${how}: ${shown(cost(jaegers[how]))} CPU s per 100 k spans`);
}
pinTo('0-1023', process.pid);
const goal = (how: 'plain' | 'gzip') => (jaegerProgram === null ? jaegerSeen[how] : round(median(cost(jaegers[how]))));
const round = (seconds: number) => Math.round(seconds * 1000) / 1000;
console.log(`first rounds, CPU s per 100 k spans: ours ${shown(firsts.ours)}; Jaeger ${shown(firsts.jaeger)}`);
const figures: Figure[] = [
  {
    name: 'CPU for 100 k spans into the live store',
    unit: 's',
    samples: cost(ours.plain),
    goal: goal('plain'),
    better: 'lower',
  },
  { name: 'CPU for 100 k spans, gzip', unit: 's', samples: cost(ours.gzip), goal: goal('gzip'), better: 'lower' },
  {
    name: 'CPU of the entry store beside it',
    unit: 's',
    samples: ours.plain.map(({ store }) => store),
    goal: 1,
    better: 'lower',
  },
  {
    name: 'spans of a last round that can be read afterwards',
    unit: '%',
    samples: [(100 * readable) / expected],
    goal: 100,
    better: 'higher',
  },
];
if (jaegerProgram !== null)
  figures.push(
    { name: 'spans per CPU second against Jaeger', unit: '×', samples: ratios('plain'), goal: 1, better: 'higher' },
    {
      name: 'spans per CPU second against Jaeger, gzip',
      unit: '×',
      samples: ratios('gzip'),
      goal: 1,
      better: 'higher',
    },
  );
report(
  'P5 OTLP intake',
  `${passes} passes of ${rounds} rounds after one to warm up; ${spansPerRound} spans a round in batches of ${shape.spansPerBatch}, ${shape.spansPerTrace} spans a trace, 6 attributes, ${Math.round((sets[0]?.requests[0]?.length ?? 0) / shape.spansPerBatch)} bytes a span, ${connections} connections, server on core 0`,
  figures,
);
process.exit(readable === expected ? process.exitCode : 1);
