import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root, textOf, trackedFiles } from './tracked-files.ts';

const scripts = Object.keys((JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }).scripts);

test('README lists the commands that package.json has', () => {
  const listed = [...textOf('README.md').matchAll(/^\| `npm (?:run )?([\w:]+)[^`]*` \|/gm)].map(([, name]) => name);
  expect(listed.toSorted(), 'keep the table of commands whole').toEqual(
    scripts.filter((name) => !name.startsWith('pre')).toSorted(),
  );
});

test('links between pages lead somewhere', () => {
  const broken = trackedFiles
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      [...textOf(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, target = '']) => ({ file, target })),
    )
    .filter(({ file, target }) => !existsSync(join(root, dirname(file), target)));
  expect(broken).toEqual([]);
});

test('decisions are numbered without a gap', () => {
  const numbers = [...textOf('DECISIONS.md').matchAll(/^## (\d+)\. /gm)].map(([, n]) => Number(n));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(numbers.length).toBeGreaterThan(0);
});
