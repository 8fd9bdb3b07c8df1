import { join } from 'node:path';
import type { Env } from './find-go.ts';
import { repositoryRoot } from './repository-root.ts';
import type { PartPlan } from './start-part.ts';

/** Port names of Jaeger, with the defaults of otel/jaeger.yaml. */
export const jaegerPorts = {
  jaegerUi: 16_686,
  jaegerGrpcApi: 16_685,
  jaegerOtlpGrpc: 14_317,
  jaegerOtlpHttp: 14_318,
  jaegerHealth: 13_134,
} as const;

export interface JaegerPlan {
  readonly program: string;
  readonly ports: Readonly<Record<keyof typeof jaegerPorts, number>>;
  readonly env: Env;
}

export function planJaeger({ program, ports, env }: JaegerPlan): PartPlan {
  return {
    name: 'Jaeger',
    program,
    args: ['--config', join(repositoryRoot, 'otel/jaeger.yaml')],
    env: {
      ...env,
      JAEGER_UI: `127.0.0.1:${ports.jaegerUi}`,
      JAEGER_GRPC_API: `127.0.0.1:${ports.jaegerGrpcApi}`,
      JAEGER_OTLP_GRPC: `127.0.0.1:${ports.jaegerOtlpGrpc}`,
      JAEGER_OTLP_HTTP: `127.0.0.1:${ports.jaegerOtlpHttp}`,
      JAEGER_HEALTH: `127.0.0.1:${ports.jaegerHealth}`,
    },
    healthUrl: `http://127.0.0.1:${ports.jaegerHealth}/status`,
  };
}
