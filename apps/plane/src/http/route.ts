import type { Context as Call } from 'hono';
import type { z } from 'zod';
import type { Context } from '../operations/context.ts';
import { parseBody, parseQuery } from './read-input.ts';

/** One row of the table that mounts the routes and describes them. */
export interface Route {
  readonly method: 'get' | 'post';
  /** As OpenAPI writes it: `/v1/diagnostics/cluster/{nodeId}`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: z.ZodObject | undefined;
  readonly body?: z.ZodType | undefined;
  /** Content types of a body for which JSON Schema has no words. */
  readonly bodyTypes?: readonly string[] | undefined;
  /** Reads its body with bounds of its own: the limit of all others, which makes a web stream of it, is not asked. */
  readonly readsOwnBody?: true | undefined;
  readonly answers: Answers;
  readonly handle: (call: Call, ctx: Context) => Response | Promise<Response>;
}

/** Content type → what it holds; null where JSON Schema has no words for it. */
export type Answers = Readonly<Record<string, z.ZodType | null>>;

export interface JsonInput<Q, B> {
  readonly query: Q;
  readonly body: B;
  readonly param: (name: string) => string;
  /** Under which this plane was asked: `127.0.0.1:52500`. */
  readonly host: string;
  /** Sets a header of the answer. */
  readonly header: (name: string, value: string) => void;
}

interface JsonRoute<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType> {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly query?: Q;
  readonly body?: B;
  readonly answer: A;
  readonly run: (ctx: Context, input: JsonInput<z.output<Q>, z.output<B>>) => z.output<A> | Promise<z.output<A>>;
}

/** A route that takes and answers JSON: path, schemas, call. */
export function jsonRoute<Q extends z.ZodObject, B extends z.ZodType, A extends z.ZodType>(
  row: JsonRoute<Q, B, A>,
): Route {
  const { method, path, summary, query, body, answer, run } = row;
  return {
    method,
    path,
    summary,
    query,
    body,
    answers: { 'application/json': answer },
    async handle(call, ctx) {
      const input = {
        // Absent schemas leave `undefined`, and `run` of such a row cannot name what it did not declare.
        query: (query && parseQuery(query, call.req.query())) as z.output<Q>,
        body: (body && parseBody(body, await call.req.text())) as z.output<B>,
        param: (name: string) => call.req.param(name) ?? '',
        host: call.req.header('host') ?? new URL(call.req.url).host,
        header: (name: string, value: string) => call.header(name, value),
      };
      const value = await run(ctx, input);
      return call.body(JSON.stringify(value), 200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    },
  };
}
