import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context as Call, MiddlewareHandler } from 'hono';
import { isLoopback } from '../config.ts';
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

/** With a token set, whatever tells of the cluster needs it. */
export function checkToken(options: { readonly token: string | null }): MiddlewareHandler {
  const { token } = options;
  return async (call, next) => {
    if (token === null || (!guarded.test(call.req.path) && open.test(call.req.path))) return next();
    const given = /^Bearer (.+)$/i.exec(call.req.header('authorization') ?? '')?.[1];
    return given !== undefined && isSame(given, token) ? next() : unauthorized(call);
  };
}

/** Of equal length first, because the comparison itself must not tell how long the token is. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

function unauthorized(call: Call): Response {
  call.header('www-authenticate', 'Bearer');
  return problemAnswer(call, 'unauthorized', 'Send the operator token: Authorization: Bearer <RANKSCOPE_TOKEN>.');
}
