import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { type DashboardLink, DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';
import { serviceNames } from '@rankscope/schema';

/** Where traces are looked at. */
export const traceBackends = ['jaeger', 'tempo'] as const;
export type TraceBackend = (typeof traceBackends)[number];

/** From a series of a rank to the same time and instance in Rankscope's own explorer. */
export function explorerOfSeries(): Builder<DashboardLink> {
  return dataLink(
    'Open this time in the explorer',
    '${plane}/timeline?${__url_time_range}&i=${__field.labels.instance_id}',
  );
}

/** From a row of a table of ranks. */
export function explorerOfRow(): Builder<DashboardLink> {
  return dataLink(
    'Open this time in the explorer',
    '${plane}/timeline?${__url_time_range}&i=${__data.fields.instance_id}',
  );
}

/** From the top of a dashboard. */
export function explorer(): Builder<DashboardLink> {
  return topLink('Explorer', '${plane}/timeline?${__url_time_range}', 'Rankscope’s own timeline of the same time');
}

export function dashboardsOf(tag: string): Builder<DashboardLink> {
  const link = new DashboardLinkBuilder('Rankscope')
    .type(DashboardLinkType.Dashboards)
    .tags([tag])
    .asDropdown(true)
    .keepTime(true)
    .includeVars(true)
    .icon('external link')
    .tooltip('The other dashboards, with the same choice');
  return inSight(link);
}

/** All traces of ranks in the range on screen; a single slow phase leads to its own by its exemplar. */
export function traces(backend: TraceBackend): Builder<DashboardLink> {
  const query = {
    jaeger: { queryType: 'search', service: serviceNames.runner },
    tempo: { queryType: 'traceql', query: `{ resource.service.name = "${serviceNames.runner}" }` },
  }[backend];
  const datasource = { type: backend, uid: '${traces}' };
  const pane = {
    datasource: '${traces}',
    queries: [{ refId: 'A', datasource, ...query }],
    range: { from: '${__from}', to: '${__to}' },
  };
  const url = `/explore?schemaVersion=1&panes=${keepVariables(encodeURIComponent(JSON.stringify({ ranks: pane })))}`;
  return topLink('Traces', url, 'Traces of the ranks in this range');
}

/** Grafana puts its variables in before the address is used, and does not know them encoded. */
function keepVariables(encoded: string): string {
  return encoded.replaceAll(/%24%7B(\w+)%7D/g, '${$1}');
}

function topLink(title: string, url: string, tooltip: string): Builder<DashboardLink> {
  const link = new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(true);
  return inSight(link.icon('external link').tooltip(tooltip));
}

function dataLink(title: string, url: string): Builder<DashboardLink> {
  return inSight(new DashboardLinkBuilder(title).url(url).targetBlank(true));
}

/** The SDK puts every link into a menu that must be opened first, unless the place is left out. */
function inSight(builder: DashboardLinkBuilder): Builder<DashboardLink> {
  return {
    build() {
      const { placement: _menu, ...link } = builder.build();
      return link;
    },
  };
}
