/** What `--print-config` prints: `KEY=value` lines in the order of the schema, secrets as set or unset. */
export function formatConfig(values: Readonly<Record<string, unknown>>, secret: readonly string[] = []): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${secret.includes(key) ? (value ? '(set)' : '') : formatValue(value)}`)
    .join('\n');
}

function formatValue(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
