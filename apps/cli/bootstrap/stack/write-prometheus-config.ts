import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { StackFacts } from './plan-parts.ts';
import { planeHostOf } from './plan-stack.ts';
import { planPrometheusConfig } from './prometheus-config.ts';
import { repositoryRoot } from './repository-root.ts';

const committed = join(repositoryRoot, 'grafana/prometheus/prometheus.yaml');

/** What a checkout without that file gets: the plane's metrics and nothing made of them. */
const metricsAlone = `
global: { scrape_interval: 2s, scrape_timeout: 2s }
scrape_configs:
  - { job_name: rankscope, honor_labels: true, static_configs: [{ targets: ['127.0.0.1:52500'] }] }
`;

/** The committed configuration, for this stack's addresses. */
export function writePrometheusConfig(path: string, { parts, ports, settings, env }: StackFacts): void {
  const config = planPrometheusConfig({
    text: existsSync(committed) ? readFileSync(committed, 'utf8') : metricsAlone,
    folder: dirname(committed),
    plane: `${planeHostOf(settings)}:${ports.plane}`,
    collector: parts.collector.kind === 'ready' ? `127.0.0.1:${ports.collectorMetrics}` : null,
    token: env.RANKSCOPE_TOKEN || null,
  });
  // It may hold the token.
  writeFileSync(path, config, { mode: 0o600 });
}
