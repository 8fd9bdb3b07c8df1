// P4: the cluster timeline with 16 peers that accept and never answer costs one deadline, not sixteen; where the peers
// were configured, and where they joined: at the leader that lists them, and at a node that was told of them.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { startPlane } from '../support/plane-harness.ts';
import { eventually, getJson, post, timelineOf } from '../support/plane-requests.ts';
import { report } from './report.ts';

const deadlineMs = 2000;
const rounds = 7;
const deadline = ['--no-model', '--node-deadline-ms', String(deadlineMs)];

const silent = await Promise.all(
  Array.from({ length: 16 }, async () => {
    const server = createServer((socket) => socket.on('error', () => undefined));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }),
);
const dead = silent.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
const asking = await startPlane({ args: [...deadline, '--peers', dead.join(',')] });
const leader = await startPlane({ args: deadline });
const node = await startPlane({ args: [...deadline, '--join', leader.url] });

/** What a plane would have reported before it died. */
async function joinDead(url: string, at: number): Promise<void> {
  const process = { incarnation: crypto.randomUUID(), bootId: 'boot', version: '0', friendlyName: null };
  const place = { nodeId: `dead-${at}`, url, port: 1, revision: 0 };
  const answer = await post(`${leader.url}/v1/cluster/report`, { ...process, ...place });
  if (!answer.ok) throw new Error(`${url} could not join: ${await answer.text()}`);
}

async function measure(url: string): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    const { unreachableNodes } = await timelineOf(url);
    if (unreachableNodes.length !== dead.length)
      throw new Error(`${unreachableNodes.length} of ${dead.length} dead peers were named`);
    samples.push(performance.now() - started);
  }
  return samples;
}

try {
  await Promise.all(dead.map(joinDead));
  await eventually(
    () => getJson<{ nodes: unknown[] }>(`${node.url}/v1/nodes`),
    ({ nodes }) => nodes.length === dead.length + 2,
  );
  const goal = { unit: 'ms', goal: deadlineMs + 200, better: 'lower' } as const;
  report(
    'P4 timeline with dead peers',
    `${rounds} timelines each, 16 peers that never answer, deadline ${deadlineMs} ms`,
    [
      { name: 'with 16 dead peers of a configuration', samples: await measure(asking.url), ...goal },
      { name: 'at the leader of 16 dead nodes', samples: await measure(leader.url), ...goal },
      { name: 'at a node beside 16 dead ones', samples: await measure(node.url), ...goal },
    ],
  );
} finally {
  await Promise.all([asking, node, leader].map((plane) => plane.stop()));
  for (const server of silent) server.close();
}
process.exit();
