import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer, type Server as NetServer } from 'node:net';

export interface Peer {
  readonly url: string;
  close(): void;
}

/** A port that nobody listens on. */
export async function refusedPeer(): Promise<Peer> {
  const peer = await netPeer(createServer());
  peer.close();
  return { url: peer.url, close: () => undefined };
}

/** Accepts, and never says a word. */
export const silentPeer = (): Promise<Peer> => netPeer(createServer(() => undefined));

export const brokenPeer = (): Promise<Peer> => httpPeer((_, answer) => answer.writeHead(500).end('no'));

export const htmlPeer = (): Promise<Peer> =>
  httpPeer((_, answer) =>
    answer.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Welcome</body></html>'),
  );

/** 200 MB, as fast as they are taken. */
export const hugePeer = (): Promise<Peer> =>
  httpPeer((_, answer) => {
    answer.writeHead(200, { 'content-type': 'application/json' });
    const block = Buffer.alloc(1024 * 1024, ' ');
    let left = 200;
    const more = () => {
      while (left > 0 && !answer.destroyed) {
        left -= 1;
        if (!answer.write(block)) return;
      }
      answer.end();
    };
    answer.on('drain', more);
    more();
  });

async function httpPeer(listener: RequestListener): Promise<Peer> {
  const server = createHttpServer(listener);
  const peer = await netPeer(server);
  return {
    url: peer.url,
    close: () => {
      peer.close();
      server.closeAllConnections();
    },
  };
}

async function netPeer(server: NetServer | Server): Promise<Peer> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
