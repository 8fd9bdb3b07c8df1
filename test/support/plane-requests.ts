import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAnalysis, ClusterTimeline } from '@rankscope/schema';

/** Shorthand for what the plane's tests ask for; types are hopes here, the tests that matter validate. */
export async function getJson<T>(url: string, headers: Record<string, string> = {}): Promise<T> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

export const timelineOf = (url: string, query = ''): Promise<ClusterTimeline> =>
  getJson(`${url}/v1/diagnostics/cluster/timeline${query}`);

export const analysisOf = (url: string): Promise<ClusterAnalysis> => getJson(`${url}/v1/diagnostics/cluster/analysis`);

export function post(url: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) });
}

export const chatBody = (more: object = {}) => ({
  model: 'tiny',
  messages: [{ role: 'user' as const, content: 'Hello' }],
  ...more,
});

const printable = (_key: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);

/** Asks again until the answer will do; throws with the last answer when it does not in time. */
export async function eventually<T>(
  ask: () => Promise<T>,
  holds: (value: T) => boolean,
  withinMs = 10_000,
): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    if (Date.now() > until)
      throw new Error(`not in ${withinMs} ms; last: ${JSON.stringify(value, printable).slice(0, 4000)}`);
    await sleep(50);
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
