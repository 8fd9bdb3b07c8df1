import { expect, test } from 'vitest';
import { UsageError } from '../../src/usage-error.ts';
import { namesPort, parsePlaneSettings, planeHostOf, splitStackArgs } from './plan-stack.ts';

test('what is meant for the stack is taken out, the rest is for up as it was typed', () => {
  const { without, upArgs, help } = splitStackArgs([
    '--model',
    'tiny',
    '--without',
    'jaeger',
    '--prompt',
    'is it --late?',
    '--without=collector,prometheus',
  ]);
  expect({ without: [...without], upArgs, help }).toEqual({
    without: ['jaeger', 'collector', 'prometheus'],
    upArgs: ['--model', 'tiny', '--prompt', 'is it --late?'],
    help: false,
  });
  expect(splitStackArgs(['--help']).help).toBe(true);
});

test.each([[['--without', 'grafana']], [['--without']], [['--without=jaeger,']]])(
  'a part that there is not is refused: %j',
  (args) => {
    expect(() => splitStackArgs(args)).toThrow(UsageError);
    expect(() => splitStackArgs(args)).toThrow('it is one of collector, jaeger, prometheus');
  },
);

test('a port that somebody names is kept, a default may give way', () => {
  expect(namesPort(['--port', '5000'], {})).toBe(true);
  expect(namesPort(['--port=5000'], {})).toBe(true);
  expect(namesPort([], { RANKSCOPE_PORT: '5000' })).toBe(true);
  expect(namesPort(['--ranks', '2'], { RANKSCOPE_PORT: '' })).toBe(false);
});

test('the settings are what the plane prints of itself', () => {
  const printed =
    'RANKSCOPE_HOST=0.0.0.0\nRANKSCOPE_PORT=52500\nRANKSCOPE_DATA=/tmp/a=b\nRANKSCOPE_JOIN=\nRANKSCOPE_CACHE=/tmp/c\n';
  const settings = parsePlaneSettings(printed);
  expect(settings).toEqual({ host: '0.0.0.0', port: 52_500, dataDir: '/tmp/a=b', cacheDir: '/tmp/c', leaderUrl: null });
  expect(planeHostOf(settings)).toBe('127.0.0.1');
  expect(planeHostOf({ ...settings, host: '::1' })).toBe('[::1]');
  expect(() => parsePlaneSettings('RANKSCOPE_HOST=0.0.0.0')).toThrow('does not say RANKSCOPE_PORT');
});
