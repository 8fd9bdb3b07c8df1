import { compareText } from './entry-order.ts';
import type { GatheredNode } from './gathered-node.ts';
import { createInstantReader } from './instant.ts';

export type Answered = Extract<GatheredNode, { kind: 'ok' }>;
export type Silent = Extract<GatheredNode, { kind: 'unreachable' }>;

/**
 * One row a node. A node may be heard twice, under its id and under an address that somebody configured; until it has
 * answered once, its address is all the name it has. An answer beats silence.
 *
 * `answered` keeps every answer, newest first for each node: the older one may hold entries that the newer has lost.
 */
export function mergeNodes(nodes: readonly GatheredNode[]): { answered: Answered[]; silent: Silent[] } {
  const instant = createInstantReader();
  const answered = nodes
    .filter((node) => node.kind === 'ok')
    .map((node) => ({ ...node, nodeId: node.diagnostics.runtime.nodeId }))
    .sort(
      (a, b) =>
        compareText(a.nodeId, b.nodeId) ||
        instant(b.diagnostics.generatedAt) - instant(a.diagnostics.generatedAt) ||
        compareUrl(a.url, b.url) ||
        compareText(JSON.stringify(a.diagnostics), JSON.stringify(b.diagnostics)),
    );

  const names = new Set(answered.flatMap(({ nodeId, url }) => [nodeId, ...addresses(url)]));
  const silent: Silent[] = [];
  const rows = nodes.filter((node) => node.kind === 'unreachable').sort(compareSilent);
  for (const node of rows) {
    const known = [node.nodeId, ...addresses(node.nodeId), ...addresses(node.url)];
    if (known.some((name) => names.has(name))) continue;
    for (const name of known) names.add(name);
    silent.push(node);
  }
  return { answered, silent };
}

/** Rows that know more come first: those named by an id, then those with an address. */
function compareSilent(a: Silent, b: Silent): number {
  return (
    Number(isAddress(a.nodeId)) - Number(isAddress(b.nodeId)) ||
    compareUrl(a.url, b.url) ||
    compareText(a.nodeId, b.nodeId) ||
    compareText(a.error, b.error)
  );
}

function compareUrl(a: string | null, b: string | null): number {
  return Number(a === null) - Number(b === null) || compareText(a ?? '', b ?? '');
}

function isAddress(name: string): boolean {
  return name.includes('://');
}

function addresses(url: string | null): string[] {
  return url !== null && isAddress(url) ? [url.replace(/\/+$/, '')] : [];
}
