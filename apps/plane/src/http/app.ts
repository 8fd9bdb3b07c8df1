import type { Log } from '@rankscope/daemon';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Context } from '../operations/context.ts';
import { checkOrigin, checkToken, type Tokens } from './access.ts';
import { openapi } from './openapi.ts';
import { answerError, problemAnswer } from './problem-answer.ts';
import type { Route } from './route.ts';
import { routes } from './routes.ts';
import { mountSite } from './static-site.ts';
import { traceRequests } from './trace-requests.ts';

/** A long conversation is some hundred KB; what is larger is not a request to us. */
const maxBodyBytes = 16 * 1024 * 1024;

export interface AppOptions {
  readonly ctx: Context;
  readonly log: Log;
  readonly tokens: Tokens;
  readonly webDir: string;
  /** Where this plane listens. */
  readonly url: () => string;
}

/** All doors of a plane. Needs no port: tests call `app.request()`. */
export function createApp({ ctx, log, tokens, webDir, url }: AppOptions): Hono {
  const app = new Hono();
  app.onError((error, call) => answerError(error, call, log));
  app.use('*', traceRequests(ctx.tracing));
  app.use('*', checkOrigin({ token: tokens.token, url }), checkToken(tokens));
  const mount = (route: Route) => app.on(route.method, honoPath(route.path), (call) => route.handle(call, ctx));
  for (const route of routes) if (route.readsOwnBody) mount(route);
  app.use(
    '*',
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: (call) =>
        problemAnswer(call, 'body_too_large', `The body is larger than ${maxBodyBytes / 1024 / 1024} MiB.`),
    }),
  );
  for (const route of routes) if (!route.readsOwnBody) mount(route);

  let description: string | undefined;
  app.get('/openapi.json', (call) => {
    description ??= JSON.stringify(openapi(routes));
    return call.body(description, 200, { 'content-type': 'application/json' });
  });
  app.get('/docs', async (call) => {
    const { docsPage, docsPolicy } = await import('./docs-page.ts');
    return call.html(docsPage(openapi(routes)), 200, {
      'content-security-policy': docsPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });
  app.all('/trpc/*', async (call) => {
    // Loaded with the first page that asks: a plane that only serves its rank needs none of it.
    const { answerTrpc } = await import('./router.ts');
    return answerTrpc(call.req.raw, ctx, log);
  });
  mountSite(app, webDir);
  app.notFound((call) =>
    problemAnswer(call, 'not_found', `There is no ${call.req.method} ${call.req.path}; GET /docs lists what there is.`),
  );
  return app;
}

/** `/a/{b}` → `/a/:b`. */
function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
