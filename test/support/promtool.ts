import { spawnSync } from 'node:child_process';

/** Runs `promtool`, which checks what Prometheus will read; its exit code and everything it said. */
export function promtool(args: readonly string[], input = ''): { readonly code: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8', timeout: 30_000 });
  return { code: status, said: `${stdout}${stderr}` };
}
