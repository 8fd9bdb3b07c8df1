// Runs after `next build`. The pages must execute nothing but our own files and the scripts Next wrote into them, so
// each page gets a Content-Security-Policy with the hashes of exactly those. The plane sends what stands in csp.json:
// the policy of the page, and the one under ".js" with every script file, because a worker obeys its own response.
import { createHash } from 'node:crypto';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const out = join(import.meta.dirname, 'out');
const inlineScript = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g;

const hashOf = (body) => `'sha256-${createHash('sha256').update(body).digest('base64')}'`;

const policyOf = (scriptHashes) =>
  [
    "default-src 'none'",
    ["script-src 'self'", ...scriptHashes].join(' '),
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ');

const policies = { '.js': policyOf([]) };
for (const page of globSync('**/*.html', { cwd: out }).sort()) {
  const html = readFileSync(join(out, page), 'utf8');
  if (/\sstyle="/.test(html)) throw new Error(`${page} holds an inline style, which its own policy would refuse`);
  policies[page] = policyOf([...new Set([...html.matchAll(inlineScript)].map(([, body]) => hashOf(body)))]);
}
writeFileSync(join(out, 'csp.json'), `${JSON.stringify(policies, null, 1)}\n`);

// Turbopack copies a worker's TypeScript source next to its bundle.
for (const source of globSync('_next/static/media/*.ts', { cwd: out })) rmSync(join(out, source));
