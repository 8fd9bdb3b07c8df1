// `node grafana/generate.ts`: writes the committed dashboards. A test says when that is due.
// `--traces tempo --out DIR` writes a set whose links lead to Tempo instead of Jaeger.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { dashboards, dashboardText } from './src/dashboards.ts';
import { traceBackends } from './src/links.ts';
import { readPhasePalette } from './src/phase-palette.ts';

const here = import.meta.dirname;
const { values } = parseArgs({
  options: {
    traces: { type: 'string', default: 'jaeger' },
    out: { type: 'string', default: join(here, 'dashboards') },
  },
});
const traces = traceBackends.find((backend) => backend === values.traces);
if (traces === undefined) {
  console.error(`--traces ${values.traces}: take one of ${traceBackends.join(', ')}`);
  process.exit(2);
}
const palette = readPhasePalette(readFileSync(resolve(here, '../apps/web/src/app/colors.css'), 'utf8'));
mkdirSync(values.out, { recursive: true });
for (const [name, dashboard] of dashboards(palette, traces)) {
  writeFileSync(join(values.out, name), dashboardText(dashboard));
  console.log(join(values.out, name));
}
