import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { fetchJson } from '@rankscope/client';
import type { Hono } from 'hono';
import { z } from 'zod';

export interface Door {
  readonly url: string;
  close(): Promise<void>;
}

export type Listened =
  | { readonly kind: 'listening'; readonly door: Door }
  | { readonly kind: 'refused'; readonly reason: string };

/** The cursor of a node with many recorders travels in a URL, up to 64 KiB of it; Node's own bound is 16. */
const maxHeaderSize = 96 * 1024;

/** Opens the port; one that is taken is an answer that says by whom. */
export async function listen(app: Hono, address: { host: string; port: number }): Promise<Listened> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    hostname: address.host,
    serverOptions: { maxHeaderSize },
  }) as Server;
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen(address.port, address.host, done);
    });
  } catch (error) {
    return { kind: 'refused', reason: await whyRefused(error, address) };
  }
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : address.port;
  return { kind: 'listening', door: { url: `http://${bracketed(address.host)}:${port}`, close: () => close(server) } };
}

/** Answers that were just told to end have so long to say why; a reader that is slower is cut off. */
const lastWordsMs = 500;
const lookMs = 20;

/** Takes no more requests, lets what is being said be said, then closes what is left. */
function close(server: Server): Promise<void> {
  return new Promise((done) => {
    // A kept connection that has had its answer would otherwise stay open for the next.
    const looking = setInterval(() => server.closeIdleConnections(), lookMs);
    const last = setTimeout(() => server.closeAllConnections(), lastWordsMs);
    server.close(() => {
      clearInterval(looking);
      clearTimeout(last);
      done();
    });
  });
}

const probeMs = 1_000;

async function whyRefused(error: unknown, { host, port }: { host: string; port: number }): Promise<string> {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code !== 'EADDRINUSE')
    return `cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
  const url = `http://${bracketed(host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host)}:${port}`;
  const answer = await fetchJson({ url: `${url}/node_id`, schema: z.string(), deadlineMs: probeMs, maxBytes: 1024 });
  const owner =
    answer.kind === 'ok'
      ? `a Rankscope plane (node ${answer.value}) already listens there: ${url}`
      : 'another program listens there';
  return `port ${port} is in use, ${owner}. Choose another with --port or RANKSCOPE_PORT (0 takes any free one).`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
