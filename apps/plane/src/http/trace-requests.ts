import { planeAttributes as names } from '@rankscope/schema';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { Tracing } from '../tracing/tracing.ts';

/** What telemetry itself brings here: told, it would bring itself again for ever. */
const untold = new Set(['/v1/traces', '/v1/logs']);

/** A span a request, named after its route. It ends when the answer begins; a stream has spans of its own. */
export function traceRequests(tracing: Tracing): MiddlewareHandler {
  return async (call, next) => {
    const { method, path } = call.req;
    if (untold.has(path)) return next();
    const values = { [names.httpMethod]: method, [names.urlPath]: path };
    await tracing.inSpan({ name: method, kind: 'server', values }, async (span) => {
      await next();
      const route = routePath(call, -1);
      const { status } = call.res;
      span.rename(`${method} ${route}`);
      span.set({ [names.httpRoute]: route, [names.httpStatus]: status });
      if (status >= 500) span.fail(String(status), `HTTP ${status}`);
    });
  };
}
