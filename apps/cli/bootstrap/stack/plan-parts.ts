import { join } from 'node:path';
import type { Env } from './find-go.ts';
import type { FoundParts } from './find-parts.ts';
import { planCollector } from './plan-collector.ts';
import { planJaeger } from './plan-jaeger.ts';
import { planPrometheus } from './plan-prometheus.ts';
import { type PlaneSettings, planeHostOf } from './plan-stack.ts';
import { planUp } from './plan-up.ts';
import type { StackPorts } from './stack-ports.ts';
import type { PartPlan } from './start-part.ts';

export interface StackFacts {
  readonly parts: FoundParts;
  readonly ports: StackPorts & { readonly plane: number };
  readonly settings: PlaneSettings;
  readonly upArgs: readonly string[];
  readonly stackDir: string;
  readonly env: Env;
}

export const prometheusConfigOf = (stackDir: string) => join(stackDir, 'prometheus.yaml');

/** The programs in the order of their start: who receives comes before who sends. They end in the reverse order. */
export function planParts({ parts, ports, settings, upArgs, stackDir, env }: StackFacts): PartPlan[] {
  const { jaeger, collector, prometheus } = parts;
  const plans: PartPlan[] = [];
  if (jaeger.kind === 'ready') plans.push(planJaeger({ program: jaeger.path, ports, env }));
  if (collector.kind === 'ready')
    plans.push(
      planCollector({
        program: collector.path,
        ports,
        env,
        queueDir: join(stackDir, 'collector-queue'),
        // A plane that joined another takes no spans.
        planeUrl: settings.leaderUrl ?? `http://${planeHostOf(settings)}:${ports.plane}`,
        jaegerPort: jaeger.kind === 'ready' ? ports.jaegerOtlpGrpc : null,
      }),
    );
  if (prometheus.kind === 'ready')
    plans.push(
      planPrometheus({
        program: prometheus.path,
        ports,
        env,
        configPath: prometheusConfigOf(stackDir),
        dataDir: join(stackDir, 'prometheus'),
      }),
    );
  plans.push(planUp({ settings, port: ports.plane, upArgs, env, otlpUrl: otlpUrlOf(parts, ports) }));
  return plans;
}

/** The Collector where there is one; else Jaeger takes the spans itself. */
function otlpUrlOf({ collector, jaeger }: FoundParts, ports: StackPorts): string | null {
  if (collector.kind === 'ready') return `http://127.0.0.1:${ports.collectorOtlpHttp}`;
  return jaeger.kind === 'ready' ? `http://127.0.0.1:${ports.jaegerOtlpHttp}` : null;
}
