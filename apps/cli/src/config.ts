import type { OtlpEnv } from '@rankscope/telemetry';
import { UsageError } from './usage-error.ts';

export interface Config {
  /** The plane that is asked. */
  readonly url: string;
  /** From the environment only: a flag shows in `ps`. Who has only the readers' token asks with that. */
  readonly token: string | undefined;
  /** What a plane that we start gets: everything but what is meant for us. */
  readonly planeEnv: Readonly<Record<string, string | undefined>>;
  /** For what `export` sends, as the standard variables say. */
  readonly otlpEnv: OtlpEnv;
  /** Whether somebody sits before this machine, so that a browser can be shown to them. */
  readonly hasDisplay: boolean;
}

const defaultUrl = 'http://127.0.0.1:52500';

/** The environment, with `--url` before it. */
export function readConfig(urlFlag: string | undefined, env: NodeJS.ProcessEnv = process.env): Config {
  const { RANKSCOPE_URL, ...planeEnv } = env;
  const given = urlFlag ?? (RANKSCOPE_URL || undefined);
  return Object.freeze({
    url: given === undefined ? defaultUrl : parseUrl(given, urlFlag === undefined ? 'RANKSCOPE_URL' : '--url'),
    token: env.RANKSCOPE_TOKEN || env.RANKSCOPE_READ_TOKEN || undefined,
    planeEnv,
    otlpEnv: Object.fromEntries(Object.entries(env).filter(([key]) => key.startsWith('OTEL_'))),
    hasDisplay: process.platform === 'darwin' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY),
  });
}

/** People write `127.0.0.1:52500`, and mean it. */
function parseUrl(text: string, source: string): string {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${source} ${JSON.stringify(text)} is not an address like ${defaultUrl}`);
  }
  return url.href.replace(/\/+$/, '');
}
