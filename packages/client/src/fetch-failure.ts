import type { z } from 'zod';

/** What went wrong below HTTP, as a sentence that names what to look at. */
export function describeFetchFailure(error: unknown, url: string | URL): string {
  const address = addressOf(url);
  if (address === null) return `not an address: ${String(url).slice(0, 200)}`;
  const { code, message } = innermost(error);
  const known = sentences[code];
  if (known !== undefined) return known(address);
  if (/CERT|SELF_SIGNED|SSL|TLS/.test(code)) return `certificate not accepted: ${message}`;
  if (code.startsWith('HPE_') || message.includes('HTTP/1.1 protocol')) return `${address.host} does not speak HTTP`;
  if (message === 'bad port') return `port ${address.port} is one that no HTTP client may call`;
  return code === '' ? message : `${message} (${code})`;
}

interface Address {
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
}

const sentences: Readonly<Record<string, (address: Address) => string>> = {
  ECONNREFUSED: ({ host }) => `refused (nothing listens at ${host})`,
  ENOTFOUND: ({ hostname }) => `name not known: ${hostname}`,
  EAI_AGAIN: ({ hostname }) => `name not known: ${hostname}`,
  EHOSTUNREACH: ({ hostname }) => `no way to ${hostname} (host unreachable)`,
  ENETUNREACH: ({ hostname }) => `no way to ${hostname} (network unreachable)`,
  ECONNRESET: ({ host }) => `${host} closed the connection before it had answered`,
  UND_ERR_SOCKET: ({ host }) => `${host} closed the connection before it had answered`,
  EPIPE: ({ host }) => `${host} closed the connection before it had answered`,
  ETIMEDOUT: ({ host }) => `no answer from ${host} (the connection timed out)`,
  UND_ERR_CONNECT_TIMEOUT: ({ host }) => `no answer from ${host} (the connection timed out)`,
  UND_ERR_HEADERS_TIMEOUT: ({ host }) => `no answer from ${host} (no headers in five minutes)`,
  UND_ERR_BODY_TIMEOUT: ({ host }) => `no answer from ${host} (silent for five minutes)`,
  UND_ERR_INVALID_ARG: () => 'the request could not be sent',
};

function addressOf(url: string | URL): Address | null {
  const parsed = URL.parse(String(url));
  if (parsed === null) return null;
  const port = parsed.port === '' ? (parsed.protocol === 'https:' ? '443' : '80') : parsed.port;
  return { host: `${parsed.hostname}:${port}`, hostname: parsed.hostname, port };
}

/** `fetch` wraps what happened, sometimes twice: the last cause says it. */
function innermost(error: unknown): { code: string; message: string } {
  let at = error;
  let code = '';
  for (let depth = 0; depth < 5 && at instanceof Error; depth += 1) {
    if ('code' in at && typeof at.code === 'string') code = at.code;
    if (!(at.cause instanceof Error)) break;
    at = at.cause;
  }
  const message = at instanceof Error && at.message !== '' ? at.message : String(error);
  return { code, message };
}

/** The first fault, where it is and what it is. */
export function formatIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'unknown fault';
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return `${path.replace(/^\./, '') || '(whole answer)'}: ${issue.message}`;
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && size % 1024 === 0 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size} ${units[unit]}`;
}
