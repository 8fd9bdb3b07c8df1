import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPlane } from '../support/plane-harness.ts';
import { launchBrowser, openPage, seriousFindings } from './support/browser.ts';

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const pictures = fromRoot('build/pictures/');
const engines = ['simulated', ...(existsSync(fromRoot('build/native/rankscope.node')) ? ['mlx'] : [])];

let browser: Browser;

beforeAll(async () => {
  execFileSync(process.execPath, [fromRoot('apps/cli/bootstrap/web.mjs')]);
  mkdirSync(pictures, { recursive: true });
  browser = await launchBrowser();
}, 120_000);

afterAll(() => browser?.close());

async function post(url: string, body: unknown): Promise<Response> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(120_000),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer;
}

/** What a reader takes from the page: the sentence's numbers, and where the table says each rank is. */
async function read(page: Page) {
  const sentence = (await page.textContent('[data-testid=sentence]')) ?? '';
  const found =
    /^Rank 0 is inside collective (\d+) \(\w+(?:, layer \d+)?\) for (\d+\.\d) s; rank 1 left (\d+) and has not entered it\.$/.exec(
      sentence,
    );
  expect(found, sentence).not.toBeNull();
  const rows = await page.locator('[data-testid=ranks] tbody tr').allInnerTexts();
  return { sentence, inside: Number(found?.[1]), seconds: Number(found?.[2]), left: Number(found?.[3]), rows };
}

describe.each(engines)('two %s ranks, the second frozen while decoding', (engine) => {
  test('two pictures two seconds apart show rank 0 inside n for longer, and rank 1 still at n − 1', async () => {
    const plane = await startPlane({
      args: ['--model', 'tiny', '--ranks', '2', '--engine', engine],
      env: { RANKSCOPE_INJECT: '1' },
    });
    try {
      await post(`${plane.url}/v1/diagnostics/node/inject`, { kind: 'hang', rank: 1, at: 'decode_barrier', after: 12 });
      const chat = post(`${plane.url}/v1/chat/completions`, {
        model: 'tiny',
        max_tokens: 200,
        messages: [{ role: 'user', content: 'hello' }],
      }).catch(() => null);
      const { page, complaints, close } = await openPage(browser, `${plane.url}/timeline?w=15s`);
      await page.waitForSelector('[data-testid=sentence]', { timeout: 20_000 });
      const first = await read(page);
      await page.screenshot({ path: `${pictures}frozen-${engine}-1.png` });
      await page.waitForTimeout(2000);
      const second = await read(page);
      await page.screenshot({ path: `${pictures}frozen-${engine}-2.png` });

      expect(first.left).toBe(first.inside - 1);
      expect([second.inside, second.left]).toEqual([first.inside, first.left]);
      expect(second.seconds - first.seconds).toBeGreaterThanOrEqual(1.7);
      expect(second.seconds - first.seconds).toBeLessThan(4);
      expect(second.rows.find((row) => row.startsWith('r1'))).toContain(`not there; left ${first.left}`);
      expect(second.rows.find((row) => row.startsWith('r0'))).toMatch(new RegExp(`\\w+ ${first.inside}\\b.* s`));
      expect(await seriousFindings(page)).toEqual([]);
      expect(complaints).toEqual([]);

      await post(`${plane.url}/v1/diagnostics/node/inject`, { kind: 'release', rank: 1 });
      await page.waitForSelector('[data-testid=standoff]', { state: 'detached', timeout: 10_000 });
      await chat;
      await close();
    } finally {
      await plane.stop();
    }
  });
});
