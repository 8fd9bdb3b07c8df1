import { createServer, type Server } from 'node:net';

export interface ClaimedPorts<Name extends string> {
  readonly ports: Readonly<Record<Name, number>>;
  /** Whose wish was taken already; they got a free port instead. */
  readonly moved: readonly Name[];
}

/**
 * A loopback port for each name: the one it wishes, a free one where that is taken or 0. All are held until each has one,
 * so no two get the same; then they are let go for the programs to take.
 */
export async function claimPorts<Name extends string>(wishes: Record<Name, number>): Promise<ClaimedPorts<Name>> {
  const held: Server[] = [];
  const ports = { ...wishes };
  const moved: Name[] = [];
  for (const name in wishes) {
    const wished = await hold(wishes[name]);
    if (wished === null) moved.push(name);
    const server = wished ?? (await hold(0));
    if (server === null) throw new Error('no loopback port is free');
    held.push(server);
    ports[name] = portOf(server);
  }
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return { ports, moved };
}

function hold(port: number): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
