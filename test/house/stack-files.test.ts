import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { collectorPorts } from '../../apps/cli/bootstrap/stack/plan-collector.ts';
import { jaegerPorts } from '../../apps/cli/bootstrap/stack/plan-jaeger.ts';
import { prometheusPorts } from '../../apps/cli/bootstrap/stack/plan-prometheus.ts';
import { collectorRecipe, jaegerRecipe } from '../../apps/cli/bootstrap/stack/recipe.ts';
import { root, textOf, trackedFiles } from './tracked-files.ts';

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly image: string; readonly network_mode: string; readonly volumes: readonly string[] }>
  >;
}

const compose: Compose = parse(textOf('otel/compose.yaml'));
const collector = parse(textOf('otel/collector.yaml'));
const builder = parse(textOf('otel/builder.yaml'));

/** `NAME` → what stands behind `${env:NAME:-…}`; everything that a configuration takes from the environment. */
const defaultsOf = (file: string) =>
  Object.fromEntries(
    [...textOf(file).matchAll(/\$\{env:(\w+):-([^}]*)\}/g)].map(([, name = '', value = '']) => [name, value] as const),
  );
const loopback = (port: number) => `127.0.0.1:${port}`;

test('npm run stack and the configurations wish for the same ports', () => {
  expect(defaultsOf('otel/collector.yaml')).toMatchObject({
    COLLECTOR_OTLP_GRPC: loopback(collectorPorts.collectorOtlpGrpc),
    COLLECTOR_OTLP_HTTP: loopback(collectorPorts.collectorOtlpHttp),
    COLLECTOR_HEALTH: loopback(collectorPorts.collectorHealth),
    COLLECTOR_METRICS_PORT: String(collectorPorts.collectorMetrics),
    COLLECTOR_JAEGER: loopback(jaegerPorts.jaegerOtlpGrpc),
    COLLECTOR_PLANE: 'http://127.0.0.1:52500',
  });
  expect(defaultsOf('otel/jaeger.yaml')).toEqual({
    JAEGER_UI: loopback(jaegerPorts.jaegerUi),
    JAEGER_GRPC_API: loopback(jaegerPorts.jaegerGrpcApi),
    JAEGER_OTLP_GRPC: loopback(jaegerPorts.jaegerOtlpGrpc),
    JAEGER_OTLP_HTTP: loopback(jaegerPorts.jaegerOtlpHttp),
    JAEGER_HEALTH: loopback(jaegerPorts.jaegerHealth),
  });
  const ports = Object.values({ ...collectorPorts, ...jaegerPorts, ...prometheusPorts });
  expect(new Set(ports).size, 'two parts cannot listen on one port').toBe(ports.length);
});

test('the Collector is built from one release, and has what its configuration names', () => {
  const { dist, providers, ...components } = builder;
  expect(dist.version).toBe(collectorRecipe.version);
  const modules = (Object.values(components) as { gomod: string }[][]).flat().map(({ gomod }) => gomod);
  expect(modules.filter((module) => !module.endsWith(` v${dist.version}`))).toEqual([]);
  expect(collectorRecipe.steps[0]?.args).toContain(`go.opentelemetry.io/collector/cmd/builder@v${dist.version}`);
  const module: Record<string, string> = {
    otlp: 'otlpreceiver',
    otlp_http: 'otlphttpexporter',
    otlp_grpc: 'otlpexporter',
    memory_limiter: 'memorylimiterprocessor',
    batch: 'batchprocessor',
    file_storage: 'filestorage',
    health_check: 'healthcheckextension',
  };
  const { receivers, processors, exporters, extensions } = collector;
  for (const id of Object.keys({ ...receivers, ...processors, ...exporters, ...extensions })) {
    const name = module[id.split('/', 1)[0] ?? ''];
    expect(name, `${id} is no component we know by its present name`).toBeDefined();
    expect(
      modules.some((path) => path.includes(`/${name} `)),
      `${id} is not in otel/builder.yaml`,
    ).toBe(true);
  }
  expect(Object.keys(exporters), 'otlp and otlphttp are old names').toEqual(['otlp_http/plane', 'otlp_grpc/jaeger']);
});

test('Jaeger is of the version that its module file names', () => {
  expect(textOf('otel/jaeger/go.mod')).toContain(`require github.com/jaegertracing/jaeger v${jaegerRecipe.version}\n`);
});

test('containers are pinned, stay on loopback and are of the versions that were tried', () => {
  const { services } = compose;
  for (const [name, { image, network_mode }] of Object.entries(services)) {
    expect(image, `${name} needs a tag of a whole version`).toMatch(/:v?\d+\.\d+\.\d+$/);
    expect(network_mode, `${name} would publish its ports to everybody`).toBe('host');
  }
  expect(services.collector?.image).toBe(`otel/opentelemetry-collector-contrib:${collectorRecipe.version}`);
  // Jaeger counts its programs from 2, its module from 1: v1.76.0 is v2.13.0.
  expect(services.jaeger?.image).toBe(`jaegertracing/jaeger:${jaegerRecipe.version.replace('1.76.', '2.13.')}`);
  const known = [...Object.values({ ...collectorPorts, ...jaegerPorts, ...prometheusPorts }), 3000];
  const told = [...textOf('otel/compose.yaml').matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => Number(port));
  expect(
    told.filter((port) => !known.includes(port)),
    'an address that nothing listens on',
  ).toEqual([]);
});

/** `./collector.yaml:/etc/…:ro` → the file, from the root; a named volume has no slash. */
const mounts = Object.values(compose.services).flatMap(({ volumes }) =>
  volumes
    .filter((volume) => volume.startsWith('.'))
    .map((volume) => volume.split(':'))
    .map(([source = '', target = '']) => ({ source: join('otel', source), target })),
);
const grafanaIsHere = trackedFiles.some((file) => file.startsWith('grafana/'));

test.each(mounts.filter(({ source }) => grafanaIsHere || !source.startsWith('grafana/')))(
  '$source is there for a container',
  ({ source }) => {
    expect(existsSync(join(root, source))).toBe(true);
  },
);

test.skipIf(!grafanaIsHere)('what Grafana is provisioned with is where the containers have it', () => {
  const provisioned = trackedFiles.filter((file) => /^grafana\/provisioning\/.*\.ya?ml$/.test(file)).map(textOf);
  expect(provisioned.length).toBeGreaterThan(0);
  const text = provisioned.join('\n');
  const dashboards = [...text.matchAll(/^\s*path: *(\S+)/gm)].map(([, path]) => path);
  expect(dashboards).toEqual([mounts.find(({ source }) => source === 'grafana/dashboards')?.target]);
  const urls = [...text.matchAll(/^\s*url: *['"]?(http\S+?)['"]?$/gm)].map(([, url]) => url);
  const served = [prometheusPorts.prometheus, jaegerPorts.jaegerUi].map((port) => `http://${loopback(port)}`);
  expect(urls.toSorted()).toEqual(served.toSorted());
});
