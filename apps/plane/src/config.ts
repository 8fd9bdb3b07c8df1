import { statSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { type GivenConfig, logLevels, parseConfig } from '@rankscope/daemon';
import { RankDeadlines } from '@rankscope/schema';
import { type OtlpEnv, type OtlpSettings, parseOtlpSettings } from '@rankscope/telemetry';
import { z } from 'zod';
import { findAddressFaults } from './find-address-faults.ts';
import { isLoopback } from './is-loopback.ts';
import { findModelFaults, type ModelFlags, modelFlags, parseModelFlags } from './model-flags.ts';
import { isPlaneUrl, normalUrl } from './plane-address.ts';

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const onOff = z.enum(['0', '1']).transform((text) => text === '1');
const absolute = z.string().transform((path) => resolve(path));

const mebibyte = 1024 * 1024;
const hourMs = 3_600_000;
/** What a laptop does not miss: some hundred million entries, or a week. */
const defaultRetention = { bytes: 2_048 * mebibyte, hours: 7 * 24 };
/** Below it a table of one hour and the log of the next rows would not fit beside each other. */
const minRetentionBytes = 64 * mebibyte;
const maxRetention = { bytes: 2 ** 50, hours: 100 * 366 * 24 };

/** A whole number of a unit, with one word on all that may be wrong with it. */
function amount(unit: string, { min, max }: { min: number; max: number }) {
  const error = `needs a whole number of ${unit} from ${min} to ${max}`;
  const fits = (value: number) => Number.isInteger(value) && value >= min && value <= max;
  return z.coerce.number({ error }).refine(fits, { error });
}

/** A token that is guessed in an afternoon is none. */
const minTokenLength = 16;
const token = z.string().min(minTokenLength, `needs at least ${minTokenLength} characters`).optional();

const planeUrl = z
  .string()
  .refine(isPlaneUrl, {
    error: (issue) => `${JSON.stringify(issue.input)} is not an address like http://10.0.0.2:52500`,
  })
  .transform(normalUrl);

const peers = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((url) => url.trim())
      .filter((url) => url !== ''),
  )
  .pipe(z.array(planeUrl))
  .default([]);

export const ConfigFields = z.object({
  RANKSCOPE_HOST: z.string().default('127.0.0.1'),
  RANKSCOPE_PORT: whole(0, 65_535).default(52_500),
  RANKSCOPE_DATA: absolute.default(defaultDataDir()),
  RANKSCOPE_PEERS: peers,
  RANKSCOPE_JOIN: planeUrl.optional(),
  RANKSCOPE_PUBLIC_URL: planeUrl.optional(),
  RANKSCOPE_TOKEN: token,
  RANKSCOPE_JOIN_TOKEN: token,
  RANKSCOPE_READ_TOKEN: token,
  RANKSCOPE_NODE_NAME: z.string().min(1).max(128).optional(),
  RANKSCOPE_NODE_DEADLINE_MS: whole(50, 60_000).default(2_000),
  RANKSCOPE_INJECT: onOff.optional(),
  RANKSCOPE_ENTRY_STORE: z.enum(['duckdb', 'memory']).default('duckdb'),
  RANKSCOPE_RETENTION_BYTES: amount('bytes', { min: minRetentionBytes, max: maxRetention.bytes }).default(
    defaultRetention.bytes,
  ),
  RANKSCOPE_RETENTION_HOURS: amount('hours', { min: 1, max: maxRetention.hours }).default(defaultRetention.hours),
  RANKSCOPE_LOG: z.enum(logLevels).default('info'),
  RANKSCOPE_CACHE: absolute.default(join(homedir(), '.cache', 'rankscope')),
  RANKSCOPE_WEB_DIR: absolute.default(resolve(import.meta.dirname, '../../web/out')),
  RANKSCOPE_CONNECT_DEADLINE_MS: whole(100, 3_600_000).optional(),
  RANKSCOPE_LOAD_DEADLINE_MS: whole(100, 3_600_000).optional(),
  RANKSCOPE_COLLECTIVE_DEADLINE_MS: whole(100, 3_600_000).optional(),
  RANKSCOPE_TASK_DEADLINE_MS: whole(100, 3_600_000).optional(),
});

/** OTLP headers bear tokens. */
export const secretKeys = [
  'RANKSCOPE_TOKEN',
  'RANKSCOPE_JOIN_TOKEN',
  'RANKSCOPE_READ_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const;

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** Of a cluster without a leader. */
  readonly peers: readonly string[];
  /** The leader whose cluster this plane is a node of; null for a plane that leads its own. */
  readonly join: string | null;
  /** Where others reach this plane, when that is not the address it is bound to. */
  readonly publicUrl: string | null;
  /** What an operator shows. */
  readonly token: string | null;
  /** What planes show each other. */
  readonly joinToken: string | null;
  /** What opens questions only. */
  readonly readToken: string | null;
  /** What people call this machine. */
  readonly nodeName: string;
  readonly nodeDeadlineMs: number;
  readonly injectAllowed: boolean;
  /** Where entries are kept beyond their recorders: in a file under the data directory, or not beyond this process. */
  readonly entryStore: 'duckdb' | 'memory';
  /** How much of them is kept, and how long. */
  readonly retention: { readonly bytes: number; readonly ms: number };
  readonly logLevel: (typeof logLevels)[number];
  readonly cacheDir: string;
  readonly webDir: string;
  readonly deadlines: RankDeadlines;
  readonly model: ModelFlags;
  /** Where telemetry goes, by the standard OTEL_* variables; null: nowhere. */
  readonly otlp: OtlpSettings | null;
}

export interface ConfigInput {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly argv: readonly string[];
}

export interface ReadConfig {
  readonly config: Config;
  readonly printConfig: boolean;
  /** What `--print-config` shows, by the names people set. */
  readonly shown: Readonly<Record<string, unknown>>;
}

/** What this process was started with. */
export function readOwnConfig(argv: readonly string[]): ReadConfig {
  return readConfig({ env: process.env, argv });
}

/** Settings of the command line and of the native core, which a plane hands on and does not read. */
const readByOthers = /^RANKSCOPE_(URL|NATIVE_\w+)$/;

/** Environment and flags → one frozen object; throws a ConfigError with every fault. */
export function readConfig(input: ConfigInput): ReadConfig {
  const { argv } = input;
  const env = Object.fromEntries(Object.entries(input.env).filter(([key]) => !readByOthers.test(key)));
  const moreFaults = ({ texts, flags, positionals }: GivenConfig) => [
    // From the texts, because a fault elsewhere must not hide these.
    ...findAddressFaults(texts),
    ...positionals.map((word) => `${JSON.stringify(word)} is not expected here: a plane takes flags only`),
    ...findModelFaults(flags, isDirectory),
    ...findOtlpFaults(otlpEnvOf(input.env, flags)),
  ];
  const parsed = parseConfig({
    fields: ConfigFields,
    env,
    argv,
    secret: secretKeys,
    extraFlags: { ...modelFlags, [otlpFlag]: 'string' },
    moreFaults,
  });
  const { settings } = parseOtlpSettings(otlpEnvOf(input.env, parsed.flags));
  const config = freezeConfig(parsed.values, parseModelFlags(parsed.flags), settings);
  return { config, printConfig: parsed.printConfig, shown: show(parsed.values, config) };
}

type Values = z.output<typeof ConfigFields>;

function freezeConfig(values: Values, model: ModelFlags, otlp: OtlpSettings | null): Config {
  return Object.freeze({
    host: values.RANKSCOPE_HOST,
    port: values.RANKSCOPE_PORT,
    dataDir: values.RANKSCOPE_DATA,
    peers: Object.freeze(values.RANKSCOPE_PEERS),
    join: values.RANKSCOPE_JOIN ?? null,
    publicUrl: values.RANKSCOPE_PUBLIC_URL ?? null,
    token: values.RANKSCOPE_TOKEN ?? null,
    joinToken: values.RANKSCOPE_JOIN_TOKEN ?? null,
    readToken: values.RANKSCOPE_READ_TOKEN ?? null,
    nodeName: values.RANKSCOPE_NODE_NAME ?? hostname(),
    nodeDeadlineMs: values.RANKSCOPE_NODE_DEADLINE_MS,
    // Whoever reaches a loopback port may stop our processes anyway.
    injectAllowed: values.RANKSCOPE_INJECT ?? isLoopback(values.RANKSCOPE_HOST),
    entryStore: values.RANKSCOPE_ENTRY_STORE,
    retention: Object.freeze({
      bytes: values.RANKSCOPE_RETENTION_BYTES,
      ms: values.RANKSCOPE_RETENTION_HOURS * hourMs,
    }),
    logLevel: values.RANKSCOPE_LOG,
    cacheDir: values.RANKSCOPE_CACHE,
    webDir: values.RANKSCOPE_WEB_DIR,
    deadlines: Object.freeze(
      RankDeadlines.parse({
        connectMs: values.RANKSCOPE_CONNECT_DEADLINE_MS,
        loadMs: values.RANKSCOPE_LOAD_DEADLINE_MS,
        collectiveMs: values.RANKSCOPE_COLLECTIVE_DEADLINE_MS,
        taskMs: values.RANKSCOPE_TASK_DEADLINE_MS,
      }),
    ),
    model: Object.freeze(model),
    otlp: otlp && Object.freeze(otlp),
  });
}

/** Every setting in the order of the schema, with what it comes to where nobody has set it. */
function show(values: Values, { nodeName, injectAllowed, deadlines, model, otlp }: Config): Record<string, unknown> {
  const effective: Record<string, unknown> = {
    ...values,
    RANKSCOPE_NODE_NAME: nodeName,
    RANKSCOPE_INJECT: injectAllowed ? 1 : 0,
    RANKSCOPE_CONNECT_DEADLINE_MS: deadlines.connectMs,
    RANKSCOPE_LOAD_DEADLINE_MS: deadlines.loadMs,
    RANKSCOPE_COLLECTIVE_DEADLINE_MS: deadlines.collectiveMs,
    RANKSCOPE_TASK_DEADLINE_MS: deadlines.taskMs,
  };
  const settings = Object.keys(ConfigFields.shape).map((key) => [key, effective[key] ?? null]);
  return {
    ...Object.fromEntries(settings),
    ...(otlp && showOtlp(otlp)),
    ...model,
    model: model.model ?? 'none',
  };
}

/** The one of the standard variables that is worth a flag; it stands for OTEL_EXPORTER_OTLP_ENDPOINT. */
const otlpFlag = 'otel-exporter-otlp-endpoint';

function otlpEnvOf(env: OtlpEnv, flags: GivenConfig['flags']): OtlpEnv {
  const endpoint = flags[otlpFlag];
  return typeof endpoint === 'string' ? { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } : env;
}

function findOtlpFaults(env: OtlpEnv): string[] {
  const { settings, faults } = parseOtlpSettings(env);
  const files = [settings?.traces, settings?.logs].flatMap((signal) =>
    signal ? [signal.caFile, signal.certFile, signal.keyFile] : [],
  );
  const missing = [...new Set(files)].filter(
    (path) => path !== null && !statSync(path, { throwIfNoEntry: false })?.isFile(),
  );
  return [
    ...faults,
    ...missing.map((path) => `OTEL_EXPORTER_OTLP_*: there is no file ${path} for a certificate or key`),
  ];
}

function showOtlp({ traces, logs }: OtlpSettings): Record<string, unknown> {
  return {
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces?.url ?? null,
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: logs?.url ?? null,
    OTEL_EXPORTER_OTLP_HEADERS: Object.keys({ ...traces?.headers, ...logs?.headers }).length > 0,
  };
}

function defaultDataDir(): string {
  return join(homedir(), '.local', 'share', 'rankscope');
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
