/** One server-sent event. `id` lets a client say where it was. */
export interface SentEvent {
  readonly data: string;
  readonly id?: string;
  readonly event?: string;
}

/** A comment keeps proxies from thinking that a quiet stream is dead, and tells us soon that a client is gone. */
const pingMs = 2_000;

/**
 * An answer of server-sent events, pulled one by one: a client that reads slowly slows the generator and nothing piles
 * up here. When the client leaves, the generator is told to return.
 */
export function eventStream(
  events: AsyncGenerator<SentEvent>,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const encoder = new TextEncoder();
  let ping: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      ping = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(': ping\n\n'));
      }, pingMs);
    },
    async pull(controller) {
      const { done, value } = await events.next();
      if (done) {
        clearInterval(ping);
        controller.close();
      } else controller.enqueue(encoder.encode(format(value)));
    },
    async cancel() {
      clearInterval(ping);
      await events.return(undefined);
    },
  });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      ...headers,
    },
  });
}

function format({ id, event, data }: SentEvent): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    `data: ${data}`,
  ];
  return `${lines.join('\n')}\n\n`;
}
