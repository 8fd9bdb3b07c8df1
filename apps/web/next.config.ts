import { join } from 'node:path';
import type { NextConfig } from 'next';
import { PHASE_DEVELOPMENT_SERVER } from 'next/constants.js';

/** A static export that any plane serves. `next dev` has no plane of its own and asks the one at RANKSCOPE_PLANE. */
export default function nextConfig(phase: string): NextConfig {
  const config: NextConfig = {
    turbopack: { root: join(import.meta.dirname, '../..') },
    images: { unoptimized: true },
    poweredByHeader: false,
    // `npx tsc -b` checks types; a second check here would also rewrite tsconfig.json.
    typescript: { ignoreBuildErrors: true },
  };
  if (phase !== PHASE_DEVELOPMENT_SERVER) return { ...config, output: 'export' };
  const plane = process.env.RANKSCOPE_PLANE ?? 'http://127.0.0.1:52500';
  const proxied = ['/trpc/:path*', '/v1/:path*'];
  return { ...config, rewrites: async () => proxied.map((source) => ({ source, destination: `${plane}${source}` })) };
}
