import type { Env } from './find-go.ts';
import type { PartPlan } from './start-part.ts';

export const prometheusPorts = { prometheus: 9090 } as const;

export interface PrometheusPlan {
  readonly program: string;
  readonly ports: Readonly<Record<keyof typeof prometheusPorts, number>>;
  readonly configPath: string;
  readonly dataDir: string;
  readonly env: Env;
}

/** A laptop's share: what is older, or beyond that size, goes. */
const retention = ['--storage.tsdb.retention.time=7d', '--storage.tsdb.retention.size=512MB'];

export function planPrometheus({ program, ports, configPath, dataDir, env }: PrometheusPlan): PartPlan {
  return {
    name: 'Prometheus',
    program,
    args: [
      `--config.file=${configPath}`,
      `--storage.tsdb.path=${dataDir}`,
      ...retention,
      `--web.listen-address=127.0.0.1:${ports.prometheus}`,
      // Keeps the trace ids that stand beside durations.
      '--enable-feature=exemplar-storage',
    ],
    env,
    healthUrl: `http://127.0.0.1:${ports.prometheus}/-/ready`,
  };
}
