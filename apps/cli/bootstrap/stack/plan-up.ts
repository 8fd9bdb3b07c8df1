import type { Env } from './find-go.ts';
import type { PlaneSettings } from './plan-stack.ts';
import { planeHostOf } from './plan-stack.ts';
import { rankscopeBin } from './read-plane-settings.ts';
import type { PartPlan } from './start-part.ts';

export interface UpPlan {
  readonly settings: PlaneSettings;
  readonly port: number;
  readonly upArgs: readonly string[];
  /** Where its spans go; null when nobody takes them. */
  readonly otlpUrl: string | null;
  readonly env: Env;
}

/** `rankscope up` gives its plane 15 s to end. */
const stopDeadlineMs = 20_000;
/** It listens before it fetches or loads a model. */
const readyDeadlineMs = 60_000;

export function planUp({ settings, port, upArgs, otlpUrl, env }: UpPlan): PartPlan {
  return {
    name: 'rankscope up',
    program: process.execPath,
    args: [rankscopeBin, 'up', ...upArgs, '--port', String(port)],
    env: { ...env, ...(otlpUrl !== null && { OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl }) },
    healthUrl: `http://${planeHostOf(settings)}:${port}/healthz`,
    speaks: true,
    readyDeadlineMs,
    stopDeadlineMs,
  };
}
