import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from './engine.ts';
import { createFrameReader, encodeFrame, joinFrames, splitFrames } from './frames.ts';

export interface SimulatedGroup {
  /** Settles when every rank has brought its bytes; rank order. Rejects once any socket has closed. */
  exchange(bytes: Uint8Array): Promise<readonly Uint8Array[]>;
  /** Rejects what waits and all that comes later, and closes the sockets, so that the peers hear of it. */
  break(error: EngineError): void;
}

export interface JoinOptions {
  readonly rank: number;
  readonly worldSize: number;
  readonly hosts: readonly string[];
  readonly connectMs: number;
}

/** How often a rank knocks at rank 0, which may not listen yet. */
const knockEveryMs = 30;

/** Ranks meet at rank 0's address: everybody sends there, rank 0 sends the whole to everybody. */
export async function joinSimulatedGroup(options: JoinOptions): Promise<SimulatedGroup> {
  const endsAt = performance.now() + options.connectMs;
  if (options.worldSize === 1) return { exchange: async (bytes) => [bytes], break: () => undefined };
  const links = options.rank === 0 ? await acceptPeers(options, endsAt) : [await knock(options, endsAt)];
  const group = createGroup(options, links);
  // Nobody leaves connect_group before all are there.
  await within(group.exchange(new Uint8Array([options.rank])), endsAt, 'waiting for the other ranks');
  return group;
}

function createGroup({ rank }: JoinOptions, links: readonly Link[]): SimulatedGroup {
  let broken: EngineError | null = null;
  const breakUp = (error: EngineError): void => {
    broken ??= error;
    for (const link of links) link.close(broken);
  };
  for (const link of links) link.onClose((why) => breakUp(new EngineError('PeerLostError', why)));
  return {
    break: breakUp,
    async exchange(bytes) {
      if (broken !== null) throw broken;
      if (rank !== 0) {
        const [link] = links;
        link?.send(bytes);
        return splitFrames((await link?.receive()) ?? new Uint8Array());
      }
      const parts = [bytes, ...(await Promise.all(links.map((link) => link.receive())))];
      const whole = joinFrames(parts);
      for (const link of links) link.send(whole);
      return parts;
    },
  };
}

interface Link {
  send(bytes: Uint8Array): void;
  receive(): Promise<Uint8Array>;
  close(error: EngineError): void;
  onClose(listener: (why: string) => void): void;
}

function createLink(socket: Socket, peer: string): Link {
  const arrived: Uint8Array[] = [];
  let waiting: { resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void } | null = null;
  let closed: EngineError | null = null;
  let listener: (why: string) => void = () => undefined;
  socket.setNoDelay(true);
  const read = createFrameReader((frame) => {
    if (waiting === null) arrived.push(frame);
    else waiting.resolve(frame);
    waiting = null;
  });
  const end = (error: EngineError): void => {
    closed ??= error;
    waiting?.reject(closed);
    waiting = null;
    socket.destroy();
  };
  const lose = (why: string): void => {
    if (closed !== null) return;
    end(new EngineError('PeerLostError', why));
    listener(why);
  };
  socket.on('data', (chunk) => {
    try {
      read(chunk);
    } catch (error) {
      lose(`${peer} sent what is not ours: ${String(error)}`);
    }
  });
  socket.on('error', (error) => lose(`${peer} is lost: ${error.message}`));
  socket.on('close', () => lose(`${peer} closed its socket`));
  return {
    send: (bytes) => void socket.write(encodeFrame(bytes)),
    receive: () =>
      new Promise((resolve, reject) => {
        const next = arrived.shift();
        if (next !== undefined) resolve(next);
        else if (closed !== null) reject(closed);
        else waiting = { resolve, reject };
      }),
    close: end,
    onClose(added) {
      listener = added;
      if (closed !== null) added(closed.message);
    },
  };
}

async function acceptPeers({ worldSize, hosts }: JoinOptions, endsAt: number): Promise<Link[]> {
  const links = new Map<number, Link>();
  const { host, port } = parseHost(hosts[0]);
  const server = createServer();
  try {
    await within(listen(server, host, port), endsAt, `listening on ${host}:${port}`);
    const all = new Promise<void>((resolve) => {
      server.on('connection', (socket) => {
        // The first byte says who knocks.
        socket.once('readable', () => {
          const first: unknown = socket.read(1);
          if (!Buffer.isBuffer(first)) return socket.destroy();
          const peer = first.readUInt8(0);
          links.set(peer, createLink(socket, `rank ${peer}`));
          if (links.size === worldSize - 1) resolve();
        });
      });
    });
    await within(all, endsAt, `waiting for ${worldSize - 1} peers at ${host}:${port}`);
  } finally {
    server.close();
  }
  return [...links].sort(([a], [b]) => a - b).map(([, link]) => link);
}

async function knock({ rank, hosts }: JoinOptions, endsAt: number): Promise<Link> {
  const { host, port } = parseHost(hosts[0]);
  for (;;) {
    const socket = await tryConnect(host, port);
    if (socket !== null) {
      socket.write(new Uint8Array([rank]));
      return createLink(socket, 'rank 0');
    }
    if (performance.now() > endsAt)
      throw new EngineError('CollectiveDeadlineError', `rank 0 does not answer at ${host}:${port}`);
    await sleep(knockEveryMs);
  }
}

function tryConnect(host: string, port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      // While nobody listens, a port of the ephemeral range can be answered by the very socket that calls it.
      const itself = socket.localPort === socket.remotePort;
      if (itself) socket.destroy();
      resolve(itself ? null : socket);
    });
    socket.once('error', () => resolve(null));
  });
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

async function within<T>(work: Promise<T>, endsAt: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const late = () => reject(new EngineError('CollectiveDeadlineError', `deadline passed while ${what}`));
    timer = setTimeout(late, Math.max(1, endsAt - performance.now()));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function parseHost(text = ''): { host: string; port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at), port: Number(text.slice(at + 1)) };
}
