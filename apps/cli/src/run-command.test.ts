import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type ClusterAnalysis, problemOf } from '@rankscope/schema';
import { drawnLanes } from '@rankscope/timeline';
import { afterEach, expect, test } from 'vitest';
import { parsePhase, pickRunner } from './commands/inject.ts';
import { readConfig } from './config.ts';
import { runCommand } from './run-command.ts';
import { splitUpArgs } from './split-up-args.ts';
import type { Terminal } from './terminal.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function planeOf(answer: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', () => ready()));
  closers.push(() => server.close());
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return `127.0.0.1:${bound.port}`;
}

const json = (res: ServerResponse, value: unknown) =>
  res.setHeader('content-type', 'application/json').end(JSON.stringify(value));

async function rankscope(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal: Terminal = {
    ...{ isTty: false, canAsk: false, columns: 100, rows: Infinity },
    print: (line) => void out.push(line, '\n'),
    write: (text) => void out.push(text),
    tell: (line) => void err.push(line, '\n'),
    status: (text) => void err.push(text),
    style: (_, text) => text,
  };
  const code = await runCommand(args, terminal);
  return { code, out: out.join(''), err: err.join('') };
}

test.each([
  [['timline'], 'timline is no command; did you mean timeline?'],
  [['deploy'], 'deploy is no command; see rankscope help'],
  [['timeline', '--wach'], '--wach is not a flag here; did you mean --watch?'],
  [['timeline', '--seconds', 'x'], '--seconds needs a whole number, not "x"'],
  [['timeline', '--seconds'], '--seconds needs a value'],
  [['timeline', '--watch=1'], '--watch takes no value'],
  [['timeline', 'now'], 'timeline takes no "now"; see rankscope help timeline'],
  [['inject', 'hang'], 'which rank? inject needs --rank R'],
  [['inject', 'hag', '--rank', '1'], 'hag is no fault; did you mean hang?'],
  [['inject', 'hang', '--rank', '1', '--at', 'decod'], '--at decod: no such phase; did you mean decode?'],
  [['nodes', '--url', '::'], '--url "::" is not an address like http://127.0.0.1:52500'],
  [['up', '--prompt'], '--prompt needs a question'],
  [['up', '--no-model', '--prompt', 'hi'], '--prompt asks a model and --no-model serves none: leave one out'],
  [['up', '--prompt=hi', '--model', 'none'], '--prompt asks a model and --no-model serves none: leave one out'],
])('wrong usage: %j', async (args, sentence) => {
  const { code, out, err } = await rankscope(...args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(`rankscope: ${sentence}`);
});

test('every command explains itself', async () => {
  const { out, code } = await rankscope('--help');
  expect(code).toBe(0);
  for (const [, name = ''] of out.matchAll(/^ {2}(\w+) /gm)) {
    const help = await rankscope('help', name);
    expect(help.out).toMatch(new RegExp(`^rankscope ${name} `));
    for (const line of help.out.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  }
});

test('the version', async () => {
  expect(await rankscope('--version')).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' });
});

test('no plane: what was tried, why it failed, what to do', async () => {
  const url = await planeOf(() => {});
  for (const close of closers.splice(0)) close();
  const { code, err } = await rankscope('timeline', '--url', url);
  expect(code).toBe(1);
  expect(err).toBe(
    `rankscope: no plane answers at http://${url}: refused; start one with \`npm start\`, or name another with --url\n`,
  );
});

test('something else answers there', async () => {
  const url = await planeOf((_, res) => res.writeHead(404).end());
  expect((await rankscope('nodes', '--url', url)).err).toContain('answered HTTP 404; is it a Rankscope plane?');
});

const timeline = drawnLanes(
  'rank 0  ..DDDD  decode_barrier  4.0 s  in all_sum 9\nrank 1  ..DDdd  decode_stream  2.0 s  left 8',
);

test('the timeline drawn, and as the plane answered it', async () => {
  const asked: (string | undefined)[] = [];
  const url = await planeOf((req, res) => {
    asked.push(req.url);
    if (req.url?.includes('analysis')) res.writeHead(500).end();
    else json(res, timeline);
  });
  const drawn = await rankscope('timeline', '--url', url, '--limit', '7', '--instance', 'drawn');
  expect(drawn.out).toMatch(/rank 0 {2}_*\.\.DDDD {2}decode_barrier {2}4\.0 s {2}in all_sum 9\n/);
  expect(asked.toSorted()).toEqual([
    '/v1/diagnostics/cluster/analysis',
    '/v1/diagnostics/cluster/timeline?limit=7&instanceId=drawn',
  ]);
  expect(JSON.parse((await rankscope('timeline', '--json', '--url', url)).out)).toEqual(timeline);
});

const row = { secondsSinceProgress: 1, openSite: null, lastLeft: null, ringFirstSeq: null, ringLastSeq: null };
const silence = { secondsSinceHeartbeat: null, secondsSinceLoop: null, errorMessage: null, dropped: 0, torn: 0 };
const nodeOf = (nodeId: string, url: string | null) => ({
  ...{ nodeId, url, reachable: true, error: null, roundTripMs: 3, friendlyName: null, version: '0.0.0' },
});
const analysis: ClusterAnalysis = {
  ...{ generatedAt: timeline.generatedAt, localNodeId: 'node-0', masterNodeId: 'node-0' },
  runners: timeline.runners.map(({ runnerId, nodeId, instanceId, deviceRank, statusKind }) => ({
    ...{
      runnerId,
      nodeId,
      instanceId,
      deviceRank,
      statusKind,
      attempt: 1,
      snapshotAt: timeline.generatedAt,
      stale: false,
    },
    stale: false,
    ...{ ...row, ...silence, exitCode: null, exitSignal: deviceRank === 1 ? 'SIGKILL' : null },
  })),
  clocks: [],
  instances: [{ instanceId: 'drawn', modelId: 'tiny', worldSize: 2, seenRanks: [0, 1], missingRanks: [] }],
  history: null,
  nodes: [nodeOf('node-0', null), nodeOf('node-1', 'http://10.0.0.2:52500')],
  verdicts: [],
  attribution: [],
};

test('an instance that is not there is told from a cluster without ranks', async () => {
  const url = await planeOf((req, res) =>
    json(res, req.url?.includes('analysis') ? analysis : { ...timeline, runners: [], timeline: [] }),
  );
  for (const more of [[], ['--json']]) {
    expect(await rankscope('timeline', '--instance', 'nope', ...more, '--url', url)).toEqual({
      code: 1,
      out: '',
      err: 'rankscope: no instance has the id nope; there is drawn (tiny, 2 ranks)\n',
    });
  }
});

test('nodes tells the ended from the living, and what a node warns of', async () => {
  const runtime = { nodeId: 'node-1', hostname: 'b', isMaster: false, cwd: '/' };
  const diagnostics = {
    generatedAt: timeline.generatedAt,
    runtime,
    resources: {},
    warnings: ['recorder damaged: torn'],
  };
  const { localNodeId, masterNodeId, generatedAt } = analysis;
  const told = { nodeId: 'http://10.0.0.2:52500', url: 'http://10.0.0.2:52500', ok: true, diagnostics, error: null };
  const url = await planeOf((req, res) =>
    json(res, req.url?.includes('analysis') ? analysis : { generatedAt, localNodeId, masterNodeId, nodes: [told] }),
  );
  const { out } = await rankscope('nodes', '--url', url);
  expect(out).toContain('rank 0 of tiny  ');
  expect(out).toContain('rank 1 of tiny, ended  ');
  expect(out).toMatch(/2 of 2 nodes answer\nwarning: node-1: recorder damaged: torn\n$/);
});

test('nodes says who leads and since when each node reports', async () => {
  const { localNodeId, masterNodeId } = analysis;
  const row = (nodeId: string, reportsSince: string | null) => ({
    nodeId,
    url: null,
    friendlyName: null,
    reportsSince,
  });
  const members = { localNodeId, masterNodeId, role: 'leader', leader: null };
  const nodes = [row('node-0', null), row('node-1', analysis.generatedAt)];
  const url = await planeOf((req, res) => json(res, req.url === '/v1/nodes' ? { ...members, nodes } : analysis));
  const { out } = await rankscope('nodes', '--url', url);
  expect(out).toMatch(/answers +reports for/);
  expect(out).toMatch(/node-1 .* 0 s /);
  expect(out).toMatch(/2 of 2 nodes answer\nled by node-0, the plane that was asked\n$/);
});

test('nodes fits a terminal of 100 columns, and tells nodes apart whose ids begin alike', async () => {
  const long = (tail: string) =>
    nodeOf(`01a2043d-1c89-7342-961b-590b29a610${tail}`, 'http://a-rather-long-host-name.cluster.example:52500');
  const nodes = [long('e8'), long('e9')].map((node) => ({ ...node, friendlyName: 'studio-of-the-second-floor' }));
  const runners = analysis.runners.map((runner, at) => ({ ...runner, nodeId: nodes[at]?.nodeId ?? '' }));
  const url = await planeOf((_, res) => json(res, { ...analysis, nodes, runners }));
  const { out } = await rankscope('nodes', '--url', url);
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  expect(out).toMatch(/…29a610e9 .*\n {2}rank 1 of tiny, ended\n {2}http:/);
  const apart = await rankscope('nodes', '--url', url, '--json');
  expect(JSON.parse(apart.out).nodes[0].nodeId).toBe('01a2043d-1c89-7342-961b-590b29a610e8');
});

test('a fault goes to the node of the rank, and the way back is told', async () => {
  const asked: unknown[] = [];
  const url = await planeOf((req, res) => {
    if (req.method === 'GET') return void json(res, timeline);
    let body = '';
    req
      .on('data', (text) => (body += text))
      .on('end', () => {
        asked.push(req.url, JSON.parse(body));
        const fault = { kind: 'hang', at: null, after: 0, delayMs: 300 };
        json(res, {
          nodeId: 'node-1',
          runnerId: 'run-1',
          instanceId: 'drawn',
          deviceRank: 1,
          fault,
          message: 'Rank 1 will hang.',
        });
      });
  });
  const { code, out } = await rankscope(
    'inject',
    'hang',
    '--rank',
    '1',
    '--at',
    'decode',
    '--after',
    '3',
    '--url',
    url,
  );
  expect(code).toBe(0);
  expect(out).toContain('Rank 1 will hang.\n');
  expect(out).toContain('Let it go: rankscope inject release --rank 1');
  expect(asked).toEqual([
    '/v1/diagnostics/cluster/node-1/inject',
    { kind: 'hang', rank: 1, at: 'decode_barrier', instanceId: 'drawn', after: 3 },
  ]);
});

test('a refusal is the plane’s own sentence', async () => {
  const refusal = problemOf('injection_not_allowed', 'This plane was not started with injection allowed.', null);
  const url = await planeOf((req, res) => {
    if (req.method === 'GET') json(res, timeline);
    else res.writeHead(403, { 'content-type': 'application/problem+json' }).end(JSON.stringify(refusal));
  });
  expect(await rankscope('inject', 'kill', '--rank', '0', '--url', url)).toEqual({
    code: 1,
    out: '',
    err: `rankscope: ${refusal.detail}\n`,
  });
});

test('which rank is meant is never guessed', () => {
  const [a, b] = timeline.runners;
  if (!a || !b) throw new Error('two ranks were drawn');
  expect(pickRunner([a, b], 1, undefined)).toBe(b);
  expect(() => pickRunner([a, b], 2, undefined)).toThrow('there is no rank 2; there are 0, 1');
  expect(() => pickRunner([a, { ...b, deviceRank: 0, instanceId: 'other' }], 0, undefined)).toThrow(
    'say which with --instance',
  );
  expect(() => pickRunner([{ ...a, processAlive: false }], 0, undefined)).toThrow('rank 0 has ended');
  expect(parsePhase('prefill')).toBe('prefill_barrier');
  expect(parsePhase('decode_stream')).toBe('decode_stream');
});

test('up keeps its own flags and passes on the rest as typed', () => {
  const { own, passedOn } = splitUpArgs(['--ranks', '3', '--prompt', 'Why?', '--exit', '--port=0', '--no-open']);
  expect(own).toEqual({ prompt: 'Why?', exit: true, noOpen: true });
  expect(passedOn).toEqual(['--ranks', '3', '--port=0']);
});

test('an address may be short, and a plane that we start never sees ours', () => {
  const config = readConfig(undefined, { RANKSCOPE_URL: '10.0.0.1:1/', RANKSCOPE_TOKEN: 't', RANKSCOPE_PORT: '2' });
  expect(config).toMatchObject({
    url: 'http://10.0.0.1:1',
    token: 't',
    planeEnv: { RANKSCOPE_TOKEN: 't', RANKSCOPE_PORT: '2' },
  });
  expect(config.planeEnv).not.toHaveProperty('RANKSCOPE_URL');
  expect(readConfig(undefined, { RANKSCOPE_READ_TOKEN: 'r' }).token).toBe('r');
  expect(readConfig(undefined, {}).url).toBe('http://127.0.0.1:52500');
});
