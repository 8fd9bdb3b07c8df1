import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TimelineChange } from '@rankscope/schema';
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

/** Serves the built site with its own policies, and at tRPC's address a stream of what `tell` says, four times a second. */
export async function startScriptedPlane(tell: (nowMs: number) => Told, port = 0): Promise<ScriptedPlane> {
  let streams = 0;
  const stream = (response: ServerResponse) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    response.write(`event: connected\ndata: {"reconnectAfterInactivityMs":3000}\n\n`);
    streams += 1;
    let id = 0;
    const next = createTeller(tell);
    const send = () => {
      id += 1;
      response.write(`data: ${JSON.stringify(next(Date.now()))}\nid: ${id}\n\n`);
    };
    send();
    const timer = setInterval(send, 250);
    response.on('close', () => {
      clearInterval(timer);
      streams -= 1;
    });
  };
  const policies = JSON.parse(readFileSync(join(site, 'csp.json'), 'utf8')) as Record<string, string>;
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://plane').pathname;
    if (path === '/trpc/live') stream(response);
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

/** A snapshot first, then only the entries that were not told yet. */
function createTeller(tell: (nowMs: number) => Told): (nowMs: number) => TimelineChange {
  const sent = new Set<string>();
  let first = true;
  return (nowMs) => {
    const { timeline, analysis } = tell(nowMs);
    const { generatedAt, masterNodeId, runners, unreachableNodes } = timeline;
    const keyed = timeline.timeline.map((entry) => ({ entry, key: `${entry.runnerId} ${String(entry.attrs.seq)}` }));
    const entries = keyed.filter(({ key }) => !sent.has(key)).map(({ entry }) => entry);
    for (const { key } of keyed) sent.add(key);
    const snapshot = first;
    first = false;
    if (snapshot) return { kind: 'snapshot', timeline, analysis };
    return { kind: 'delta', generatedAt, masterNodeId, runners, entries, unreachableNodes, analysis };
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
