import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import type { Context as Call, Hono } from 'hono';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.ico': 'image/x-icon',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

const strictPolicy = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/** Serves a Next export from a folder that may be built, and built again, while the plane runs. */
export function mountSite(app: Hono, webDir: string): void {
  app.get('*', async (call, next) => {
    if (!existsSync(join(webDir, 'index.html'))) {
      return call.req.path === '/' ? call.text(howToBuild) : next();
    }
    const file = findFile(webDir, call.req.path);
    if (file !== null) return answerFile(call, webDir, file, 200);
    const wantsPage = call.req.header('accept')?.includes('text/html') && existsSync(join(webDir, '404.html'));
    return wantsPage ? answerFile(call, webDir, '404.html', 404) : next();
  });
}

const howToBuild = `This is a Rankscope plane. Its page has not been built yet.

  npm run web        builds it; reload this page afterwards
  rankscope timeline shows the same in a terminal
  GET /openapi.json  lists what this plane answers
`;

/** `/timeline` is `timeline.html`. Null for what is not there, and for whatever would lead out of the folder. */
function findFile(webDir: string, path: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return null;
  }
  if (decoded.includes('\0')) return null;
  const name = decoded === '/' ? 'index.html' : decoded.slice(1).replace(/\/$/, '');
  return [name, `${name}.html`].find((candidate) => isFileInside(webDir, candidate)) ?? null;
}

function isFileInside(webDir: string, name: string): boolean {
  const full = resolve(webDir, name);
  return full.startsWith(resolve(webDir) + sep) && statSync(full, { throwIfNoEntry: false })?.isFile() === true;
}

function answerFile(call: Call, webDir: string, name: string, status: 200 | 404): Response {
  const extension = extname(name);
  const immutable = call.req.path.startsWith('/_next/static/');
  const headers: Record<string, string> = {
    'content-type': contentTypes[extension] ?? 'application/octet-stream',
    'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  // A worker obeys the policy of its own script's answer, not the page's.
  if (extension === '.html' || extension === '.js') headers['content-security-policy'] = policyOf(webDir, name);
  const body = Readable.toWeb(createReadStream(join(webDir, name)));
  return call.body(body as ReadableStream, status, headers);
}

/** The policy that was made for the page when it was built: it names the hashes of the page's own inline scripts. */
function policyOf(webDir: string, name: string): string {
  const path = join(webDir, 'csp.json');
  if (!existsSync(path)) return strictPolicy;
  const policies: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const policy =
    typeof policies === 'object' && policies !== null
      ? Object.entries(policies).find(([page]) => page === name)?.[1]
      : null;
  return typeof policy === 'string' ? policy : strictPolicy;
}
