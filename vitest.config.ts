import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], testTimeout = 20_000) => ({
  test: { name, include, testTimeout, hookTimeout: 60_000, teardownTimeout: 10_000 },
});

export default defineConfig({
  test: {
    projects: [
      project('packages', ['packages/*/src/**/*.test.ts']),
      project('apps', ['apps/*/src/**/*.test.ts', 'apps/cli/bootstrap/**/*.test.ts']),
      project('house', ['test/house/**/*.test.ts'], 60_000),
      project('native', ['native/lib/**/*.test.ts', 'test/native/**/*.test.ts'], 180_000),
      project('cluster', ['test/cluster/**/*.test.ts'], 180_000),
      project('chaos', ['test/chaos/**/*.test.ts'], 300_000),
      project('telemetry', ['test/telemetry/**/*.test.ts'], 240_000),
      project('web', ['test/web/**/*.test.ts'], 180_000),
    ],
  },
});
