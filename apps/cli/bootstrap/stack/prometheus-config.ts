import { resolve } from 'node:path';
import { parse, stringify } from 'yaml';

/** Where the committed configuration finds the plane. */
const defaultPlane = '127.0.0.1:52500';

export interface PrometheusConfig {
  readonly text: string;
  /** The folder that the text's file names are relative to. */
  readonly folder: string;
  /** `127.0.0.1:52500`, as it is here. */
  readonly plane: string;
  /** Where the Collector says what it dropped; null without one. */
  readonly collector: string | null;
  /** The operator token, where the plane has one. */
  readonly token: string | null;
}

interface Written {
  rule_files?: string[];
  scrape_configs?: { job_name: string; http_sd_configs?: object[] }[];
}

/**
 * The committed configuration for the addresses at hand: scraping, discovery and rules stay as they are. The result stands
 * elsewhere, so it names its rule files in full.
 */
export function planPrometheusConfig({ text, folder, plane, collector, token }: PrometheusConfig): string {
  const config: Written = parse(text.replaceAll(defaultPlane, plane));
  const authorization = token === null ? {} : { authorization: { credentials: token } };
  const planes = (config.scrape_configs ?? []).map((job) => ({
    ...job,
    ...authorization,
    ...(job.http_sd_configs && { http_sd_configs: job.http_sd_configs.map((sd) => ({ ...sd, ...authorization })) }),
  }));
  const collectors = { job_name: 'collector', static_configs: [{ targets: [collector] }] };
  const whole = {
    ...config,
    ...(config.rule_files && { rule_files: config.rule_files.map((file) => resolve(folder, file)) }),
    scrape_configs: collector === null ? planes : [...planes, collectors],
  };
  return stringify(whole, { aliasDuplicateObjects: false });
}
