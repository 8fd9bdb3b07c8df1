import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { clusterDashboard } from './cluster-dashboard.ts';
import type { TraceBackend } from './links.ts';
import { memoryDashboard } from './memory-dashboard.ts';
import type { PhasePalette } from './phase-palette.ts';
import { ranksDashboard } from './ranks-dashboard.ts';

/** Every dashboard of ours: name of its file → what is in it. Diagnosis and the control plane will add theirs. */
export function dashboards(palette: PhasePalette, traces: TraceBackend): ReadonlyMap<string, Dashboard> {
  const made = {
    cluster: clusterDashboard(palette, traces),
    'ranks-and-phases': ranksDashboard(palette, traces),
    'mlx-memory': memoryDashboard(palette, traces),
  };
  return new Map(Object.entries(made).map(([name, builder]) => [`${name}.json`, numbered(builder.build())]));
}

export function dashboardText(dashboard: Dashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

/** Panels get the numbers by which Grafana tells them apart; the SDK gives none. */
function numbered(dashboard: Dashboard): Dashboard {
  const panels = (dashboard.panels ?? []).flatMap((panel) => [panel, ...('panels' in panel ? panel.panels : [])]);
  for (const [index, panel] of panels.entries()) panel.id = index + 1;
  return dashboard;
}
