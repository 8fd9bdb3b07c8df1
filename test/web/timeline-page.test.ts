import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { phaseColorVars } from '../../apps/web/src/phase-colors.ts';
import type {} from '../../apps/web/src/timeline/probe.ts';
import { launchBrowser, openPage, seriousFindings } from './support/browser.ts';
import { colorOf } from './support/palette-of.ts';
import { type ScriptedPlane, startScriptedPlane } from './support/scripted-plane.ts';
import { tellStory } from './support/story.ts';

const stuckSince = Date.now() - 12_000;
const stuckSeconds = (nowMs: number) => (nowMs - stuckSince) / 1000;
const unreachable = [{ nodeId: 'mini-9', url: 'http://mini-9:52415', error: 'connection refused' }];
const sentence =
  /^Rank 0 is inside collective 413 \(all_sum, layer 12\) for (\d+\.\d) s; rank 1 left 412 and has not entered it\.$/;

let browser: Browser;
let hang: ScriptedPlane;
let odd: ScriptedPlane;

beforeAll(async () => {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../apps/cli/bootstrap/web.mjs', import.meta.url))]);
  browser = await launchBrowser();
  hang = await startScriptedPlane((nowMs) =>
    tellStory({ ranks: 2, missing: 1, stuckSeconds: stuckSeconds(nowMs), nowMs }),
  );
  odd = await startScriptedPlane((nowMs) =>
    tellStory({
      ranks: 7,
      neverReported: 1,
      missing: 5,
      deadRank: 6,
      gapRank: 2,
      stuckSeconds: stuckSeconds(nowMs),
      nowMs,
      unreachable,
    }),
  );
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await hang?.close();
  await odd?.close();
});

interface Look {
  readonly lanes: readonly {
    readonly rank: number;
    readonly box: { readonly sliceY: number; readonly slice: number };
    readonly runs: readonly { readonly phase: string; readonly x: number; readonly width: number }[];
  }[];
}

const solid = new Set([
  'load_model',
  'warmup',
  'task_submission',
  'prompt_build',
  'kv_cache_lookup',
  'prefill_pipeline',
  'prefill_stream',
  'decode_wait_first_token',
]);

describe.each(['dark', 'light'] as const)('a hang in the %s theme', (colorScheme) => {
  test('is told in a sentence, in the table and in pixels', async () => {
    const { page, complaints, close } = await openPage(browser, `${hang.url}/timeline?probe=1`, { colorScheme });
    const said = await page.textContent('[data-testid=sentence]');
    expect(said).toMatch(sentence);
    await page.waitForTimeout(1200);
    const later = await page.textContent('[data-testid=sentence]');
    expect(Number(sentence.exec(later ?? '')?.[1])).toBeGreaterThan(Number(sentence.exec(said ?? '')?.[1]) + 0.7);

    const table = await page.locator('[data-testid=ranks] tbody tr').allInnerTexts();
    expect(table).toHaveLength(2);
    expect(table.find((row) => row.startsWith('r1'))).toContain('not there; left 412');
    expect(table.find((row) => row.startsWith('r0'))).toContain('all_sum 413, layer 12');
    const [lanesX, memoryX] = await page.$$eval('canvas', (all) => all.map((each) => each.getBoundingClientRect().x));
    expect(memoryX, 'memory stands under its lanes').toBe(lanesX);

    await page.getByRole('button', { name: 'Pause' }).click();
    await page.waitForTimeout(100);
    const probes = await page.evaluate(
      (names) => {
        const look = window.__timelineProbe?.look() as Look;
        const canvas = document.querySelector('canvas');
        const context = canvas?.getContext('2d');
        return look.lanes.flatMap(({ box, runs }) =>
          runs
            .filter(({ phase, width }) => names.includes(phase) && width >= 6)
            .map(({ phase, x, width }) => {
              const pixel = context?.getImageData(x + Math.min(2, width - 2), 30 + box.sliceY + 3, 1, 1).data ?? [];
              return { phase, rgb: [...pixel].slice(0, 3) };
            }),
        );
      },
      [...solid],
    );
    expect(probes.length).toBeGreaterThanOrEqual(12);
    for (const { phase, rgb } of probes) {
      const hex = colorOf(phaseColorVars[phase as keyof typeof phaseColorVars], colorScheme);
      for (const [channel, at] of [1, 3, 5].entries())
        expect(
          Math.abs((rgb[channel] ?? -9) - Number.parseInt(hex.slice(at, at + 2), 16)),
          `${phase} ${rgb} ${hex}`,
        ).toBeLessThanOrEqual(2);
    }
    expect(await seriousFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test('odd ranks and lost nodes are named, nothing serious for axe', async () => {
    const { page, complaints, close } = await openPage(browser, `${odd.url}/`, { colorScheme });
    expect(await page.textContent('[data-testid=sentence]')).toContain(
      'rank 6 left 412 and ended; rank 7 never reported.',
    );
    const listed = await page.textContent('[data-testid=unreachable]');
    for (const words of ['mini-9', 'http://mini-9:52415', 'connection refused']) expect(listed).toContain(words);
    expect(await seriousFindings(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });
});

test('a phone does not scroll sideways', async () => {
  for (const plane of [hang, odd]) {
    const { page, close } = await openPage(browser, `${plane.url}/timeline`, { width: 390, height: 844 });
    await page.waitForSelector('canvas');
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    await close();
  }
});

test('keys walk slices and lanes, zoom and pan; the address follows', async () => {
  const { page, complaints, close } = await openPage(browser, `${hang.url}/timeline?w=banana&i=nobody`);
  await page.waitForSelector('canvas');
  await page.getByRole('group', { name: 'Rank timeline' }).focus();
  await page.keyboard.press('w');
  await page.keyboard.press('a');
  await page.waitForFunction(() => /w=42s/.test(location.search) && /live=0/.test(location.search));
  expect(await page.getByRole('button', { name: 'Resume (L)' }).isVisible()).toBe(true);
  await page.keyboard.press('l');
  await page.waitForFunction(() => !location.search.includes('live=0'));
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction(() => document.querySelector('aside')?.textContent?.includes('length'));
  expect(complaints).toEqual([]);
  await close();
});

test('a lost plane leaves what was seen, says how old it is, and comes back by itself', async () => {
  const first = await startScriptedPlane((nowMs) => tellStory({ ranks: 2, missing: null, stuckSeconds: 1, nowMs }));
  const { page, close } = await openPage(browser, `${first.url}/timeline`);
  await page.waitForSelector('canvas');
  expect(await page.locator('[data-testid=standoff]').count()).toBe(0);
  await first.close();
  await page.waitForSelector('text=The plane does not answer.', { timeout: 15_000 });
  expect(await page.textContent('[data-testid=connection]')).toMatch(/^Reconnecting \(\d+\), data \d+\.\d s old$/);
  expect(await page.locator('[data-testid=ranks] tbody tr').count()).toBe(2);
  const again = await startScriptedPlane(
    (nowMs) => tellStory({ ranks: 2, missing: null, stuckSeconds: 1, nowMs }),
    Number(new URL(first.url).port),
  );
  await page.waitForFunction(() => document.querySelector('[data-testid=connection]')?.textContent === 'Live', null, {
    timeout: 20_000,
  });
  expect(again.streams()).toBe(1);
  await close();
  await again.close();
});

test('a hidden tab holds no stream', async () => {
  const plane = await startScriptedPlane((nowMs) => tellStory({ ranks: 2, missing: 1, stuckSeconds: 3, nowMs }));
  const { page, close } = await openPage(browser, `${plane.url}/timeline`);
  await page.waitForSelector('canvas');
  const hide = (hidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await hide(true);
  await expect.poll(plane.streams, { timeout: 5000 }).toBe(0);
  expect(await page.locator('[data-testid=ranks] tbody tr').count()).toBe(2);
  await hide(false);
  await expect.poll(plane.streams, { timeout: 5000 }).toBe(1);
  await close();
  await plane.close();
});

/** Next's router and React alone are 136 KB of it. */
const limitKb = 180;

test(`JavaScript of /timeline is ${limitKb} KB gzipped or less`, async () => {
  const { page, close } = await openPage(browser, 'about:blank');
  const sizes: Promise<number>[] = [];
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.endsWith('.js'))
      sizes.push(response.body().then((body) => gzipSync(body).length));
  });
  await page.goto(`${hang.url}/timeline`);
  await page.waitForSelector('canvas');
  const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  console.info(
    `JavaScript of /timeline: ${(total / 1000).toFixed(1)} KB gzipped in ${sizes.length} files (limit ${limitKb})`,
  );
  expect(total / 1000).toBeLessThanOrEqual(limitKb);
  await close();
});
