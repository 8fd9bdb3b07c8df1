const floor = (name, from, to) => ({ name, severity: 'error', from: { path: from }, to: { path: to } });
const packages = (...names) => `^(packages/(?!${names.map((n) => `${n}/`).join('|')})|apps/|native/)`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    floor('schema-imports-no-workspace', '^packages/schema/', packages('schema')),
    floor('timeline-imports-schema-only', '^packages/timeline/', packages('schema', 'timeline')),
    floor('diagnosis-floor', '^packages/diagnosis/', packages('schema', 'timeline', 'diagnosis')),
    floor('flight-recorder-imports-schema-only', '^packages/flight-recorder/', packages('schema', 'flight-recorder')),
    floor('telemetry-floor', '^packages/telemetry/', packages('schema', 'flight-recorder', 'telemetry')),
    floor('client-imports-schema-only', '^packages/client/', packages('schema', 'client')),
    floor('daemon-imports-schema-only', '^packages/daemon/', packages('schema', 'daemon')),
    floor('native-imports-no-workspace', '^native/lib/', '^(packages|apps)/'),
    floor('runner-floor', '^apps/runner/', '^(packages/(?!schema/|flight-recorder/|daemon/)|apps/(?!runner/))'),
    floor('plane-floor', '^apps/plane/', '^(native/|apps/(?!plane/))'),
    floor('cli-floor', '^apps/cli/src/', '^(native/|apps/(?!cli/))'),
    floor('web-floor', '^apps/web/', '^(native/|packages/(?!schema/|timeline/)|apps/(?!web/|plane/))'),
    floor('operations-know-no-http', '^apps/plane/src/operations/', '^apps/plane/src/http/'),
    floor('node-knows-no-cluster-or-control', '^apps/plane/src/node/', '^apps/plane/src/(cluster|control)/'),
    {
      name: 'web-takes-the-plane-as-types',
      severity: 'error',
      from: { path: '^apps/web/' },
      to: { path: '^apps/plane/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'workspace-by-name',
      severity: 'error',
      comment: 'import another workspace by its name, never by a path',
      from: { path: '^(apps|packages)/([^/]+)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(apps|packages)/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|out|\\.next|build|\\.mlx|bootstrap)/|next(-env)?\\.d\\.ts$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json', '.css'],
    },
  },
};
