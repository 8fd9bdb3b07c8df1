import { spawn } from 'node:child_process';

/** Shows a page to the person. Where that is not possible nothing is said: the address has been printed. */
export function openBrowser(url: string): void {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  spawn(opener, [url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
