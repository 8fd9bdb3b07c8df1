import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context as Call, MiddlewareHandler } from 'hono';
import { isLoopback } from '../is-loopback.ts';
import { problemAnswer } from './problem-answer.ts';

/**
 * Refuses pages of other origins, also on loopback.
 *
 * A page anywhere may point a name of its own at 127.0.0.1 and then read us as "its own origin" (DNS rebinding): its
 * Host is that name. Without a token the Host must therefore be a loopback name; with one, the token decides.
 */
export function checkOrigin(options: {
  readonly token: string | null;
  /** Where this plane can be opened instead. */
  readonly url: () => string;
}): MiddlewareHandler {
  return async (call, next) => {
    const host = call.req.header('host') ?? new URL(call.req.url).host;
    if (options.token === null && !isLoopback(hostnameOf(`http://${host}`))) {
      return problemAnswer(
        call,
        'forbidden_host',
        `Host ${JSON.stringify(host)} is not served; open this plane as ${options.url()}.`,
      );
    }
    const origin = call.req.header('origin');
    if (origin !== undefined && !isAllowedOrigin(origin, host)) {
      return problemAnswer(call, 'forbidden_host', `Pages of ${JSON.stringify(origin)} may not call this plane.`);
    }
    return next();
  };
}

/** Our own pages, and a development server on this machine that hands requests on. */
function isAllowedOrigin(origin: string, host: string): boolean {
  const hostname = hostnameOf(origin);
  return URL.parse(origin)?.host === host || isLoopback(hostname);
}

function hostnameOf(url: string): string {
  return URL.parse(url)?.hostname ?? '';
}

/** Paths that hold nothing of the cluster: signs of life, and the page that will ask for the token. */
const open = /^\/(healthz|readyz|openapi\.json|docs|_next\/.*|[a-z0-9-]*(\.(html|txt|svg|ico|js|css|json))?)$/;
const guarded = /^\/(v1|trpc)\/|^\/(metrics|node_id)$/;
/** What planes ask of each other, and telemetry that runtimes bring; nothing of this is an operator's business alone. */
const betweenPlanes =
  /^\/(node_id|v1\/(cluster\/.+|diagnostics\/node(\/.+)?|diagnostics\/cluster\/[^/]+\/last-words|traces|logs))$/;
/** Where only planes call: closed by the join token also where operators need none. */
const planesOnly = /^\/v1\/cluster\//;

export interface Tokens {
  /** Opens everything. */
  readonly token: string | null;
  /** Opens what planes ask of each other. */
  readonly joinToken: string | null;
  /** Opens questions, and nothing that changes anything. */
  readonly readToken: string | null;
}

/** With a token set, whatever tells of the cluster needs one. */
export function checkToken({ token, joinToken, readToken }: Tokens): MiddlewareHandler {
  return async (call, next) => {
    const { path, method } = call.req;
    if (!guarded.test(path) && open.test(path)) return next();
    const closed = token !== null || (joinToken !== null && planesOnly.test(path));
    if (!closed) return next();
    const forPlanes = betweenPlanes.test(path) ? joinToken : null;
    const accepted = [token, forPlanes, method === 'GET' ? readToken : null].filter((one) => one !== null);
    const given = /^Bearer (.+)$/i.exec(call.req.header('authorization') ?? '')?.[1];
    return given !== undefined && isOneOf(given, accepted) ? next() : unauthorized(call, forPlanes !== null);
  };
}

/** Digests first, because the comparison itself must not tell how long a token is; and all of them, not up to the first. */
function isOneOf(given: string, accepted: readonly string[]): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return accepted.map((token) => timingSafeEqual(digest(given), digest(token))).includes(true);
}

function unauthorized(call: Call, forPlanes: boolean): Response {
  call.header('www-authenticate', 'Bearer');
  const which = forPlanes ? 'operator token or the join token' : 'operator token';
  const variables = forPlanes ? 'RANKSCOPE_TOKEN or RANKSCOPE_JOIN_TOKEN' : 'RANKSCOPE_TOKEN';
  return problemAnswer(call, 'unauthorized', `Send the ${which}: Authorization: Bearer <${variables}>.`);
}
