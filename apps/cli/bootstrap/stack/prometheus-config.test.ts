import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { planPrometheusConfig } from './prometheus-config.ts';

const text = `
global: { scrape_interval: 2s }
rule_files: [rules.yaml, /etc/more.yaml]
scrape_configs:
  - job_name: planes
    honor_labels: true
    http_sd_configs: [{ url: http://127.0.0.1:52500/v1/sd/prometheus }]
  - job_name: leader
    static_configs: [{ targets: ["127.0.0.1:52500"] }]
`;
const options = { text, folder: '/repo/grafana/prometheus', plane: '127.0.0.1:6000', collector: null, token: null };

test('the committed configuration is kept, for the addresses at hand', () => {
  expect(parse(planPrometheusConfig(options))).toEqual({
    global: { scrape_interval: '2s' },
    rule_files: ['/repo/grafana/prometheus/rules.yaml', '/etc/more.yaml'],
    scrape_configs: [
      {
        job_name: 'planes',
        honor_labels: true,
        http_sd_configs: [{ url: 'http://127.0.0.1:6000/v1/sd/prometheus' }],
      },
      { job_name: 'leader', static_configs: [{ targets: ['127.0.0.1:6000'] }] },
    ],
  });
});

test('a token goes to the planes and to nobody else', () => {
  const { scrape_configs } = parse(
    planPrometheusConfig({ ...options, collector: '127.0.0.1:8888', token: 'a secret' }),
  );
  const authorization = { credentials: 'a secret' };
  expect(scrape_configs).toMatchObject([
    { job_name: 'planes', authorization, http_sd_configs: [{ authorization }] },
    { job_name: 'leader', authorization },
    { job_name: 'collector', static_configs: [{ targets: ['127.0.0.1:8888'] }] },
  ]);
  expect(scrape_configs[2]).not.toHaveProperty('authorization');
});
