import { z } from 'zod';
import type { Route } from './route.ts';

const bodyTypes = ['application/x-protobuf', 'application/json'] as const;

const partialSuccess = (count: string) =>
  z.object({ partialSuccess: z.object({ [count]: z.string(), errorMessage: z.string() }).optional() });

/** Loaded with the first request: most planes are never sent anything. */
let loaded: typeof import('./take-otlp.ts') | null = null;

/** OTLP over HTTP, as the specification has it: answers come in the encoding of the request. */
export const otlpRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/traces',
    summary: 'Takes spans (OTLP). Those of ranks are shown; one that is invalid is named, and the others are taken.',
    bodyTypes,
    readsOwnBody: true,
    answers: { [bodyTypes[0]]: null, [bodyTypes[1]]: partialSuccess('rejectedSpans') },
    async handle(call, ctx) {
      loaded ??= await import('./take-otlp.ts');
      return loaded.takeOtlp(call, ctx.intake, 'traces');
    },
  },
  {
    method: 'post',
    path: '/v1/logs',
    summary: 'Takes log records (OTLP). Events of ranks, with names like rankscope.progress, are shown.',
    bodyTypes,
    readsOwnBody: true,
    answers: { [bodyTypes[0]]: null, [bodyTypes[1]]: partialSuccess('rejectedLogRecords') },
    async handle(call, ctx) {
      loaded ??= await import('./take-otlp.ts');
      return loaded.takeOtlp(call, ctx.intake, 'logs');
    },
  },
];
