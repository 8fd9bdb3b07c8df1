import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repositoryRoot } from './repository-root.ts';

/** How a program is built from Go modules: what goes in, and the commands in order. Nothing here runs anything. */
export interface Recipe {
  /** The program's file name. */
  readonly name: string;
  readonly title: string;
  readonly version: string;
  /** Files that decide what comes out, copied beside each other into the work directory. */
  readonly inputs: readonly string[];
  readonly about: string;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly doing: string;
  /** Relative to the work directory, or a name on the PATH. */
  readonly program: string;
  readonly args: readonly string[];
  /** Below the work directory. */
  readonly cwd: string;
}

const otel = join(repositoryRoot, 'otel');

/** `-s -w` leaves out the debugger's tables, a third of the size; `-v` names each package when it is compiled. */
const build = (...args: string[]) => ['build', '-v', '-trimpath', '-ldflags=-s -w', ...args];

export const collectorRecipe: Recipe = {
  name: 'otelcol',
  title: 'OpenTelemetry Collector',
  version: '0.159.0',
  inputs: [join(otel, 'builder.yaml')],
  about: '2 minutes',
  steps: [
    {
      doing: 'building its builder',
      program: 'go',
      args: ['install', '-v', 'go.opentelemetry.io/collector/cmd/builder@v0.159.0'],
      cwd: '.',
    },
    {
      doing: 'resolving its modules',
      program: 'bin/builder',
      args: ['--config', 'builder.yaml', '--skip-compilation'],
      cwd: '.',
    },
    { doing: 'compiling', program: 'go', args: build('-o', '../otelcol', '.'), cwd: 'collector' },
  ],
};

export const jaegerRecipe: Recipe = {
  name: 'jaeger',
  title: 'Jaeger',
  version: '1.76.0',
  inputs: ['go.mod', 'go.sum', 'tools.go'].map((name) => join(otel, 'jaeger', name)),
  about: '4 minutes',
  steps: [
    {
      doing: 'compiling',
      program: 'go',
      args: build('-o', 'jaeger', 'github.com/jaegertracing/jaeger/cmd/jaeger'),
      cwd: '.',
    },
  ],
};

/** Everything that decides what comes out, to be hashed. A word in a comment is not worth minutes of compiling. */
export function describeRecipe({ name, version, inputs, steps }: Recipe): string {
  const texts = inputs.map((path) => [basename(path), readFileSync(path, 'utf8').replace(/^\s*(#|\/\/).*\n/gm, '')]);
  return JSON.stringify([name, version, process.platform, process.arch, texts, steps]);
}
