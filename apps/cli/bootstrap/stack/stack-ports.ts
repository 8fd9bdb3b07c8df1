import { collectorPorts } from './plan-collector.ts';
import { jaegerPorts } from './plan-jaeger.ts';
import { prometheusPorts } from './plan-prometheus.ts';

/** What each part listens on unless it is taken, in one set of names. */
export const wishedPorts = { ...jaegerPorts, ...collectorPorts, ...prometheusPorts } as const;

export type StackPorts = Readonly<Record<keyof typeof wishedPorts, number>>;
