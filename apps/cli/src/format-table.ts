import type { Terminal } from './terminal.ts';

/** Columns as wide as their widest cell; a column in which nobody has anything is left out. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[], terminal: Terminal): string {
  const shown = head.map((_, at) => at).filter((at) => rows.some((row) => row[at] !== ''));
  const widths = shown.map((at) => Math.max(head[at]?.length ?? 0, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    shown
      .map((at, n) => (row[at] ?? '').padEnd(widths[n] ?? 0))
      .join('  ')
      .trimEnd();
  return [terminal.style('gray', line(head)), ...rows.map(line)].join('\n');
}
