import { spawnSync } from 'node:child_process';

/** A host of its own on one machine: a network namespace, on a network that the test process is on too. */
export interface NetworkHost {
  address(): string;
  /** Words before a program that runs it there. */
  readonly through: readonly string[];
  /** Pulls the cable. What runs on the host notices nothing but silence. */
  cut(): void;
  mend(): void;
  /** The network gives the host another address. */
  move(): void;
}

export interface Network {
  addHost(name: string): NetworkHost;
  /** Takes hosts and network away. */
  close(): void;
}

/** Null where hosts can be made, else why not: such tests are then skipped, and say so. */
export const whyNoHosts = findWhyNot();

/** A switch with the test process at its first port. Names carry our pid, so that two runs do not meet. */
export function createNetwork(): Network {
  const prefix = `rs${process.pid}`;
  const bridge = `${prefix}sw`;
  // 198.18.0.0/15 is set aside for tests of networks and is nobody's.
  const subnet = `198.18.${process.pid % 250}`;
  const spaces: string[] = [];
  let lastAddress = 1;

  ip('link', 'add', bridge, 'type', 'bridge');
  ip('address', 'add', `${subnet}.1/24`, 'dev', bridge);
  ip('link', 'set', bridge, 'up');
  return {
    addHost(name) {
      const space = `${prefix}${name}`;
      const port = `${prefix}p${spaces.length}`;
      spaces.push(space);
      ip('netns', 'add', space);
      ip('link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space);
      ip('link', 'set', port, 'master', bridge, 'up');
      ip('-n', space, 'link', 'set', 'lo', 'up');
      ip('-n', space, 'link', 'set', 'eth0', 'up');
      let address = '';
      const move = () => {
        if (address !== '') ip('-n', space, 'address', 'del', `${address}/24`, 'dev', 'eth0');
        lastAddress += 1;
        address = `${subnet}.${lastAddress}`;
        ip('-n', space, 'address', 'add', `${address}/24`, 'dev', 'eth0');
      };
      move();
      return {
        address: () => address,
        through: ['ip', 'netns', 'exec', space],
        cut: () => ip('link', 'set', port, 'down'),
        mend: () => ip('link', 'set', port, 'up'),
        move,
      };
    },
    close() {
      // The cables first: the kernel takes its time over a host, and over what is plugged into it.
      for (const [at, space] of spaces.entries()) {
        spawnSync('ip', ['link', 'del', `${prefix}p${at}`]);
        spawnSync('ip', ['netns', 'del', space]);
      }
      spawnSync('ip', ['link', 'del', bridge]);
    },
  };
}

function ip(...words: string[]): void {
  const { status, stderr, error } = spawnSync('ip', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${error?.message ?? stderr}`);
}

function findWhyNot(): string | null {
  let network: Network | undefined;
  try {
    network = createNetwork();
    network.addHost('probe');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.trim() : String(error);
  } finally {
    network?.close();
  }
}
