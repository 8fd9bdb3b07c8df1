import { expect, test } from 'vitest';
import { filesMatching, textOf, trackedFiles } from './tracked-files.ts';

const source = /\.(ts|tsx|mjs|cc|h|c|py|css|md|yaml|yml)$/;
const generated = new Set(['apps/plane/openapi.json', 'package-lock.json']);

test('no file is above 400 lines', () => {
  const long = trackedFiles
    .filter((file) => source.test(file) && !generated.has(file))
    .map((file) => ({ file, lines: textOf(file).split('\n').length }))
    .filter(({ lines }) => lines > 400);
  expect(long, 'split it where its name needs an "and"').toEqual([]);
});

test('files are named after the one thing they hold', () => {
  const vague = trackedFiles.filter((file) => /(^|\/)(utils?|helpers?|common|types|misc)(\.|\/)/.test(file));
  expect(vague, 'name the thing that the file exports').toEqual([]);
  const notKebab = trackedFiles.filter(
    (file) => /^(apps|packages|test)\/.*\.(ts|tsx|mjs)$/.test(file) && /[A-Z_]/.test(file.split('/').at(-1) ?? ''),
  );
  expect(notKebab, 'file names are kebab-case').toEqual([]);
});

test('index.ts stands only at the root of a package', () => {
  const inner = trackedFiles.filter(
    (file) => /\/index\.tsx?$/.test(file) && !/^(packages\/[^/]+\/src|native\/lib)\/index\.ts$/.test(file),
  );
  expect(inner, 'import the file that has the thing').toEqual([]);
});

test('only config.ts reads the environment', () => {
  const readers = filesMatching(
    /process\.env\b/,
    (file) => /^(apps|packages|native\/lib)\/.*\.tsx?$/.test(file) && !/\.(test|contract)\.ts$/.test(file),
  );
  expect(
    readers.filter((file) => !/(^|\/)(next\.)?config\.ts$/.test(file)),
    'take the value as an argument; parse it in config.ts',
  ).toEqual([]);
});

test('nothing committed names a path of one machine', () => {
  const personal = filesMatching(
    /(^|[^a-z])\/(work\/(main|shared)|home\/[a-z]+|root)\//m,
    (file) => source.test(file) && !file.startsWith('test/house/'),
  );
  expect(personal, 'say it relative to the repository or to a variable').toEqual([]);
});

test('no test is left out or left alone', () => {
  const focused = filesMatching(/\b(test|describe|it)\.only\(/, (file) => file.endsWith('.test.ts'));
  expect(focused, 'remove .only').toEqual([]);
  const empty = trackedFiles.filter(
    (file) => file.endsWith('.test.ts') && !/expect|assert|describe\w+\(/.test(textOf(file)),
  );
  expect(empty, 'a test asserts something').toEqual([]);
});
