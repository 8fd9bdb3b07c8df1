import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer, type Server as NetServer } from 'node:net';

export interface Peer {
  readonly url: string;
  /** How often somebody has come. */
  asked(): number;
  close(): void;
}

/** A port that nobody listens on. */
export async function refusedPeer(): Promise<Peer> {
  const peer = await netPeer(createServer());
  peer.close();
  return { ...peer, close: () => undefined };
}

/** Accepts, and never says a word. */
export const silentPeer = (): Promise<Peer> => netPeer(createServer(() => undefined));

export const brokenPeer = (): Promise<Peer> => httpPeer((_, answer) => answer.writeHead(500).end('no'));

export const htmlPeer = (): Promise<Peer> =>
  httpPeer((_, answer) =>
    answer.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Welcome</body></html>'),
  );

/** 200 MB, as fast as they are taken. */
export const hugePeer = (): Promise<Peer> => flood('application/json', 200);

/** A page that never ends. */
export const endlessPagePeer = (): Promise<Peer> => flood('text/html', Number.POSITIVE_INFINITY);

const flood = (contentType: string, mebibytes: number): Promise<Peer> =>
  httpPeer((_, answer) => {
    answer.writeHead(200, { 'content-type': contentType });
    const block = Buffer.alloc(1024 * 1024, ' ');
    let left = mebibytes;
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
    ...peer,
    close: () => {
      peer.close();
      server.closeAllConnections();
    },
  };
}

async function netPeer(server: NetServer | Server): Promise<Peer> {
  const sockets = new Set<{ destroy(): void }>();
  let asked = 0;
  server.on('connection', (socket) => {
    asked += 1;
    sockets.add(socket);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
