import { Problem } from '@rankscope/schema';
import { z } from 'zod';
import type { Description } from './docs-page.ts';
import type { Route } from './route.ts';

type Json = Record<string, unknown>;

export interface OpenapiDocument extends Description {
  readonly components: { readonly schemas: Readonly<Json> };
}

/** OpenAPI 3.1 out of the table that mounts the routes: its dialect of JSON Schema is the one zod writes. */
export function openapi(routes: readonly Route[]): OpenapiDocument {
  const components: Json = {};
  const reference = (schema: z.ZodType, io: 'input' | 'output') => referenceOf(schema, io, components);
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, reference) };
  }
  const sorted = Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1)));
  const document = {
    openapi: '3.1.0',
    info: { title: 'Rankscope', version: '1' },
    paths,
    components: { schemas: sorted },
  };
  return JSON.parse(JSON.stringify(document).replaceAll('"#/$defs/', '"#/components/schemas/'));
}

type Reference = (schema: z.ZodType, io: 'input' | 'output') => unknown;

function operationOf(route: Route, reference: Reference): Json {
  const parameters = [...pathParameters(route.path), ...queryParameters(route.query)];
  const content = Object.entries(route.answers).map(([type, schema]) => [
    type,
    schema ? { schema: reference(schema, 'output') } : {},
  ]);
  return {
    summary: route.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: { required: true, content: { 'application/json': { schema: reference(route.body, 'input') } } },
    }),
    ...(route.bodyTypes && {
      requestBody: { required: true, content: Object.fromEntries(route.bodyTypes.map((type) => [type, {}])) },
    }),
    responses: {
      200: { description: 'Fine', content: Object.fromEntries(content) },
      default: {
        description: 'What was wrong',
        content: { 'application/problem+json': { schema: reference(Problem, 'output') } },
      },
    },
  };
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodObject | undefined): Json[] {
  if (!query) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }));
}

/** A schema with a name becomes a component, and so do the named ones inside it. */
function referenceOf(schema: z.ZodType, io: 'input' | 'output', components: Json): unknown {
  const { $schema: _dialect, $defs = {}, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  for (const [id, definition] of Object.entries($defs)) components[id] = withoutId(definition);
  const id = z.globalRegistry.get(schema)?.id;
  if (id === undefined) return rest;
  components[id] = withoutId(rest);
  return { $ref: `#/$defs/${id}` };
}

/** `id` is zod's own note, and in JSON Schema of old it meant something else. */
function withoutId(definition: object): unknown {
  const { id: _id, ...rest } = { id: null, ...definition };
  return rest;
}
