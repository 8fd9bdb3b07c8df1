import { formatTimestamp } from '@rankscope/schema';

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Ids and numbers stand here, never in the sentence, so that lines of one kind can be counted. */
export type LogFields = Readonly<Record<string, string | number | boolean | bigint | null | undefined>>;

export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A log whose every line carries these fields too. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format?: 'text' | 'json';
  readonly wallNs: () => bigint;
  /** Standard error by default: standard output belongs to what a command was asked for. */
  readonly write?: (line: string) => void;
  readonly fields?: LogFields;
}

/** One line per event: `2026-11-22T02:41:07.412913Z info rank is ready rank=1 instanceId=abc`. */
export function createLog(options: LogOptions): Log {
  const { level, format = 'text', wallNs, write = writeToStderr, fields: own = {} } = options;
  const threshold = logLevels.indexOf(level);
  const emit = (at: LogLevel, message: string, fields: LogFields = {}): void => {
    if (logLevels.indexOf(at) > threshold) return;
    const time = formatTimestamp(wallNs());
    const all = { ...own, ...fields };
    write(format === 'json' ? formatJson(time, at, message, all) : formatText(time, at, message, all));
  };
  return {
    error: (message, fields) => emit('error', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    info: (message, fields) => emit('info', message, fields),
    debug: (message, fields) => emit('debug', message, fields),
    with: (fields) => createLog({ ...options, fields: { ...own, ...fields } }),
  };
}

function formatText(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}=${quote(value)}`],
  );
  return `${time} ${level} ${oneLine(message)}${pairs.join('')}\n`;
}

function formatJson(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const text = JSON.stringify({ time, level, message, ...fields }, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return `${text}\n`;
}

function quote(value: NonNullable<LogFields[string]> | null): string {
  const text = String(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

/** A foreign message may bring line ends; a line must stay one event. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ⏎ ');
}

function writeToStderr(line: string): void {
  process.stderr.write(line);
}
