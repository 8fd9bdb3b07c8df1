// The Collector is killed for a minute under load: `npm run test:soak -- collector-outage`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const minuteMs = 60_000;
const root = fileURLToPath(new URL('../../', import.meta.url));
const vitest = [
  `${root}node_modules/vitest/vitest.mjs`,
  ...['run', '--project', 'telemetry', 'test/telemetry/hang-in-jaeger.test.ts', '-t', 'a Collector that is killed'],
];
const { status } = spawnSync(process.execPath, vitest, {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, RANKSCOPE_TEST_OUTAGE_MS: String(minuteMs) },
});
process.exit(status ?? 1);
