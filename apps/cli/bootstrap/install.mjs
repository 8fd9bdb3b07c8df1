// Installs the npm packages when none are there or the lock has changed since. Runs under any Node from 18 on:
// plain JavaScript, built-ins only, because the pinned Node comes with the packages.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync, utimesSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const lock = `${root}package-lock.json`;
const stamp = `${root}node_modules/.package-lock.json`;

const upToDate = existsSync(stamp) && statSync(lock).mtimeMs <= statSync(stamp).mtimeMs;
if (!upToDate) {
  const started = Date.now();
  console.error('rankscope: installing npm packages, the pinned Node among them (once, about half a minute) …');
  // The pinned Node trusts its own list of authorities only; the machine's own list may hold one more.
  process.env.NODE_USE_SYSTEM_CA ??= '1';
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const args = [...npm.slice(1), 'install', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync(npm[0], args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(
      `rankscope: npm install failed${error ? `: ${error.message}` : ` with exit code ${status}`}; is the npm registry reachable?`,
    );
    process.exit(status ?? 1);
  }
  utimesSync(stamp, new Date(), new Date()); // npm leaves the file alone when there was nothing to do
  console.error(`rankscope: packages are there (${Math.round((Date.now() - started) / 1000)} s)`);
}
