export interface SseEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string | null;
}

/** One event may be no longer than a whole timeline; a server that never ends a line must not fill our memory. */
const maxEventChars = 64 * 1024 * 1024;

/**
 * Server-sent events out of a body, as they arrive. Chunks may be cut anywhere, also inside a character and between CR
 * and LF. Comments (pings) and events without data are passed over, as the specification says.
 */
export async function* readSse(body: AsyncIterable<Uint8Array>): AsyncGenerator<SseEvent> {
  let event = '';
  let data: string[] = [];
  let id: string | null = null;

  for await (const line of readLines(body)) {
    if (line === '') {
      if (data.length > 0) yield { event: event === '' ? 'message' : event, data: data.join('\n'), id };
      event = '';
      data = [];
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id' && !value.includes('\0')) id = value;
  }
}

/** Lines end in LF, CRLF or CR. What follows the last of them is not a line: the stream was cut there. */
async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let afterCr = false;
  for await (const chunk of body) {
    let text = decoder.decode(chunk, { stream: true });
    if (text === '') continue;
    // The CR at the end of the last chunk has ended its line already; this LF belongs to it.
    if (afterCr && text.startsWith('\n')) text = text.slice(1);
    afterCr = text.endsWith('\r');
    const lines = text.split(/\r\n|\n|\r/);
    lines[0] = rest + lines[0];
    rest = lines.pop() ?? '';
    if (rest.length > maxEventChars) throw new Error('the stream sent a line without an end');
    yield* lines;
  }
}
