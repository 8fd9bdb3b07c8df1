import { type ClientRequest, request } from 'node:http';

export interface OtlpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Bytes of the request's body that were handed to the socket. */
  readonly sentBytes: number;
}

interface SendOptions {
  readonly path?: '/v1/traces' | '/v1/logs';
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly withinMs?: number;
}

const protobuf = { 'content-type': 'application/x-protobuf' };

/** Sends a body in one piece. */
export function sendOtlp(url: string, body: Buffer, options: SendOptions = {}): Promise<OtlpReply> {
  return exchange(url, { ...options, headers: { 'content-length': body.length, ...options.headers } }, (call, sent) => {
    sent(body.length);
    call.end(body);
  });
}

/** Sends one block over and over until there are `bytes`, or until nobody takes more. */
export function sendEndless(url: string, bytes: number, options: SendOptions = {}): Promise<OtlpReply> {
  const block = Buffer.alloc(1024 * 1024, 0x0a);
  return exchange(url, options, (call, sent) => {
    let left = bytes;
    const more = () => {
      while (left > 0 && !call.destroyed) {
        left -= block.length;
        sent(block.length);
        if (!call.write(block)) return;
      }
      call.end();
    };
    call.on('drain', more);
    more();
  });
}

function exchange(
  url: string,
  { path = '/v1/traces', headers, withinMs = 30_000 }: SendOptions,
  write: (call: ClientRequest, sent: (bytes: number) => void) => void,
): Promise<OtlpReply> {
  return new Promise((done, fail) => {
    let sentBytes = 0;
    let answered = false;
    const call = request(`${url}${path}`, { method: 'POST', headers: { ...protobuf, ...headers } }, (answer) => {
      answered = true;
      const chunks: Buffer[] = [];
      const finish = () => {
        clearTimeout(timer);
        call.destroy();
        done({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks), sentBytes });
      };
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('close', finish);
    });
    const timer = setTimeout(() => call.destroy(new Error(`no answer in ${withinMs} ms`)), withinMs);
    call.on('error', (error) => {
      // Whoever is refused in the middle of its body finds the connection closed; the answer has come before.
      if (!answered) fail(error);
    });
    write(call, (bytes) => (sentBytes += bytes));
  });
}
