import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { root, textOf, trackedFiles } from './tracked-files.ts';

const tool = (name: string, args: string[], cwd = root) =>
  spawnSync(join(root, 'node_modules/.bin', name), args, { cwd, encoding: 'utf8', timeout: 60_000 });
const json = (file: string) => JSON.parse(textOf(file)) as Record<string, unknown>;

test('every workspace is type-checked', () => {
  const references = (json('tsconfig.json').references as { path: string }[]).map(({ path }) => path);
  const workspaces = trackedFiles
    .filter((file) => /^((apps|packages)\/[^/]+|native)\/package\.json$/.test(file))
    .map((file) => file.replace('/package.json', ''));
  expect(references.toSorted()).toEqual([...workspaces, 'test'].toSorted());
});

describe('the four locks', () => {
  const made: string[] = [];
  afterEach(() => {
    for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
  });
  const put = (path: string, text: string) => {
    writeFileSync(join(root, path), text);
    made.push(join(root, path));
  };

  test('floors 0 and 1 know neither Node nor the browser', () => {
    for (const name of ['schema', 'timeline', 'diagnosis']) {
      const config = json(`packages/${name}/tsconfig.json`);
      expect((config.compilerOptions as { types?: string[] } | undefined)?.types ?? [], name).toEqual([]);
    }
    expect((json('tsconfig.base.json').compilerOptions as { types: string[]; lib: string[] }).types).toEqual([]);
    const scratch = mkdtempSync(join(root, 'packages/schema/lock-'));
    made.push(scratch);
    writeFileSync(
      join(scratch, 'tsconfig.json'),
      JSON.stringify({
        extends: '../tsconfig.json',
        compilerOptions: { noEmit: true, composite: false, emitDeclarationOnly: false, rootDir: '.' },
        include: ['*.ts'],
      }),
    );
    writeFileSync(
      join(scratch, 'breach.ts'),
      'export const a = fetch;\nexport const b = console;\nexport const c = process;\nexport { readFileSync } from "node:fs";\n',
    );
    const { stdout } = tool('tsc', ['-p', scratch]);
    for (const name of ["'fetch'", "'console'", "'process'", "'node:fs'"]) expect(stdout).toContain(name);
  });

  test('a wrong-way import and an import by path are refused', () => {
    put('packages/timeline/src/lock-breach.ts', "import '@rankscope/client';\nimport '../../schema/src/index.ts';\n");
    const { stdout, status } = tool('depcruise', [
      'packages/timeline',
      '--config',
      '.dependency-cruiser.mjs',
      '--output-type',
      'err',
    ]);
    expect(status).not.toBe(0);
    expect(stdout).toContain('timeline-imports-schema-only');
    expect(stdout).toContain('workspace-by-name');
  });

  test('the plane is exported as types only', () => {
    const { exports } = json('apps/plane/package.json') as { exports: Record<string, Record<string, string>> };
    expect(Object.keys(exports)).toEqual(['./router']);
    expect(Object.keys(exports['./router'] ?? {})).toEqual(['types']);
  });
});
