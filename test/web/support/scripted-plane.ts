import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TimelineChange } from '@rankscope/schema';
import { initTRPC, tracked } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import type { Told } from './story.ts';

const site = fileURLToPath(new URL('../../../apps/web/out/', import.meta.url));
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
  '.woff2': 'font/woff2',
};

export interface ScriptedPlane {
  readonly url: string;
  /** Streams that are open now. */
  readonly streams: () => number;
  close(): Promise<void>;
}

const t = initTRPC.create({
  sse: { ping: { enabled: true, intervalMs: 1000 }, client: { reconnectAfterInactivityMs: 3000 } },
});
const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Serves the built site with its own policies, and a live stream that tells what `tell` says four times a second. */
export async function startScriptedPlane(tell: (nowMs: number) => Told, port = 0): Promise<ScriptedPlane> {
  let streams = 0;
  const router = t.router({
    live: t.procedure
      .input((value: unknown) => value)
      .subscription(async function* ({ signal }) {
        streams += 1;
        try {
          let id = 0;
          const sent = new Set<string>();
          while (!signal?.aborted) {
            const { timeline, analysis } = tell(Date.now());
            const entries = timeline.timeline.filter(
              (entry) => !sent.has(`${entry.runnerId} ${String(entry.attrs.seq)}`),
            );
            for (const entry of entries) sent.add(`${entry.runnerId} ${String(entry.attrs.seq)}`);
            const change: TimelineChange =
              id === 0
                ? { kind: 'snapshot', timeline, analysis }
                : {
                    kind: 'delta',
                    generatedAt: timeline.generatedAt,
                    masterNodeId: timeline.masterNodeId,
                    runners: timeline.runners,
                    entries,
                    unreachableNodes: timeline.unreachableNodes,
                    analysis,
                  };
            id += 1;
            yield tracked(String(id), change);
            await sleep(250);
          }
        } finally {
          streams -= 1;
        }
      }),
  });
  const trpc = createHTTPHandler({ router, basePath: '/trpc/' });
  const policies = JSON.parse(readFileSync(join(site, 'csp.json'), 'utf8')) as Record<string, string>;
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://plane').pathname;
    if (path.startsWith('/trpc/')) trpc(request, response);
    else serve(path, policies, response);
  });
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    streams: () => streams,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function serve(path: string, policies: Record<string, string>, response: ServerResponse): void {
  const wanted = path === '/' ? 'index.html' : path.slice(1);
  const file = [wanted, `${wanted}.html`].find(
    (name) => !name.includes('..') && existsSync(join(site, name)) && statSync(join(site, name)).isFile(),
  );
  const name = file ?? '404.html';
  const policy = policies[name] ?? policies[extname(name)];
  response.writeHead(file === undefined ? 404 : 200, {
    'Content-Type': types[extname(name)] ?? 'application/octet-stream',
    ...(policy === undefined ? {} : { 'Content-Security-Policy': policy }),
  });
  response.end(readFileSync(join(site, name)));
}
