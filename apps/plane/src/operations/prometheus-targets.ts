import { z } from 'zod';
import type { Cluster } from '../cluster/gather/gather.ts';

/** One group of addresses, as Prometheus' HTTP service discovery reads it. */
export const PrometheusTargets = z.array(
  z.object({ targets: z.array(z.string()), labels: z.record(z.string(), z.string()) }),
);
export type PrometheusTargets = z.infer<typeof PrometheusTargets>;

/**
 * Every plane of the cluster, for Prometheus to scrape.
 *
 * This plane is named by the address under which it was asked: that one is known to work from where Prometheus is. No
 * label of a metric is given here, or Prometheus would rename ours to `exported_…`; those that begin with `__` only say
 * how to ask and do not reach a series.
 */
export function prometheusTargets(
  ctx: { readonly nodeId: string; readonly cluster: Pick<Cluster, 'peers'> },
  ownHost: string,
): PrometheusTargets {
  const others = ctx.cluster.peers().flatMap(({ nodeId, url }) => (url === null || nodeId === ctx.nodeId ? [] : [url]));
  return planTargets(ownHost, others);
}

export function planTargets(ownHost: string, others: readonly string[]): PrometheusTargets {
  const found = [`http://${ownHost}`, ...others].flatMap((url) => URL.parse(url) ?? []);
  const groups = Map.groupBy(found, ({ protocol, pathname }) => JSON.stringify(labelsOf(protocol, pathname)));
  return [...groups.values()].map((urls) => ({
    targets: [...new Set(urls.map(withPort))],
    labels: labelsOf(urls[0]?.protocol ?? '', urls[0]?.pathname ?? ''),
  }));
}

function labelsOf(protocol: string, pathname: string): Record<string, string> {
  const prefix = pathname.replace(/\/+$/, '');
  return {
    ...(protocol === 'https:' && { __scheme__: 'https' }),
    ...(prefix !== '' && { __metrics_path__: `${prefix}/metrics` }),
  };
}

/** A target without a port is taken as it stands by some versions and completed by others. */
function withPort({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}
