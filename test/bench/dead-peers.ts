// P4: the cluster timeline with 16 peers that accept and never answer costs one deadline, not sixteen.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { startPlane } from '../support/plane-harness.ts';
import { report } from './report.ts';

const deadlineMs = 2000;
const rounds = 7;

const silent = await Promise.all(
  Array.from({ length: 16 }, async () => {
    const server = createServer((socket) => socket.on('error', () => undefined));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }),
);
const peers = silent.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
const plane = await startPlane({
  args: ['--no-model', '--peers', peers.join(','), '--node-deadline-ms', String(deadlineMs)],
});
try {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    const answer = await fetch(`${plane.url}/v1/diagnostics/cluster/timeline`, { signal: AbortSignal.timeout(60_000) });
    const { unreachableNodes } = (await answer.json()) as { unreachableNodes: unknown[] };
    if (unreachableNodes.length !== peers.length)
      throw new Error(`${unreachableNodes.length} of ${peers.length} dead peers were named`);
    samples.push(performance.now() - started);
  }
  report('P4 timeline with dead peers', `${rounds} timelines, 16 peers that never answer, deadline ${deadlineMs} ms`, [
    { name: 'timeline with 16 dead peers', unit: 'ms', samples, goal: deadlineMs + 200, better: 'lower' },
  ]);
} finally {
  await plane.stop();
  for (const server of silent) server.close();
}
process.exit();
