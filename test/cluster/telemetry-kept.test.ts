import { decodeEntryBatch } from '@rankscope/schema';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeRankSpans } from '../support/otlp/rank-spans.ts';
import { sendOtlp } from '../support/otlp/send-otlp.ts';
import { createPlaneCluster, type PlaneCluster } from '../support/plane-cluster.ts';

let cluster: PlaneCluster;
beforeEach(() => {
  cluster = createPlaneCluster();
});
afterEach(() => cluster.close());

const protobuf = { 'content-type': 'application/x-protobuf' };

test('spans that were acknowledged are there after the plane has ended at once and started anew', async () => {
  const batches = 160;
  const spansPerBatch = 512;
  const startNs = BigInt(Date.now() - 60_000) * 1_000_000n;
  const { requests } = makeRankSpans({ batches, spansPerBatch, spansPerTrace: 64, ranks: 16, startNs });
  const first = await cluster.start('leader');
  const replies = await Promise.all(
    requests.map((body) => sendOtlp(first.url, body, { path: '/v1/traces', headers: protobuf })),
  );
  const taken = replies.filter(({ status }) => status === 200).length;
  expect(taken).toBeGreaterThan(0);
  await first.stop();
  expect(first.log()).not.toMatch(/not kept/);

  const again = await cluster.start('leader');
  const answer = await fetch(
    `${again.url}/v1/diagnostics/cluster/timeline/columns?since=2020-01-01T00:00:00Z&limit=65536`,
  );
  const { batch } = decodeEntryBatch(new Uint8Array(await answer.arrayBuffer()));
  // Each span is an enter and an exit.
  expect(batch.rows).toBe(taken * spansPerBatch * 2);
});
