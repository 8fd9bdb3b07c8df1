import { isLoopback, isWildcard } from './is-loopback.ts';
import { bracketed, isPlaneUrl } from './plane-address.ts';

/** Settings as they were given; what is unset is absent. */
type Texts = Readonly<Record<string, string>>;

/** What does not go together among the addresses, the cluster and the tokens; each with the way out. */
export function findAddressFaults(texts: Texts): string[] {
  return [...findOpenDoors(texts), ...findJoinFaults(texts)];
}

/** Whoever is reached by others asks them who they are. */
function findOpenDoors(texts: Texts): string[] {
  if (texts.RANKSCOPE_TOKEN !== undefined) return [];
  const open = reachedByOthers(texts).map(([key, value]) => {
    const wayOut = key === 'RANKSCOPE_HOST' ? 'set it, or bind 127.0.0.1' : 'set it';
    return `${key} = "${value}" can be reached by others and RANKSCOPE_TOKEN is not set: ${wayOut}`;
  });
  if (texts.RANKSCOPE_READ_TOKEN !== undefined)
    open.push('RANKSCOPE_READ_TOKEN closes no door while RANKSCOPE_TOKEN is not set: set both');
  return open;
}

function findJoinFaults(texts: Texts): string[] {
  const { RANKSCOPE_JOIN: leader, RANKSCOPE_PEERS: peers, RANKSCOPE_JOIN_TOKEN: joinToken } = texts;
  if (leader === undefined) return [];
  const faults: string[] = [];
  if (peers !== undefined)
    faults.push(
      'RANKSCOPE_JOIN and RANKSCOPE_PEERS contradict each other: a plane joins a leader, or it names the peers of a cluster without one. Leave one out',
    );
  // An address that is none is told of by its own setting.
  const address = isPlaneUrl(leader) ? URL.parse(leader) : null;
  if (address === null) return faults;
  const said = `RANKSCOPE_JOIN = "${leader}"`;
  const isFar = !isLoopback(address.hostname);
  if (isOwnAddress(address, texts))
    faults.push(`${said} is this plane's own address: name the leader's, or give this plane another --port`);
  if ((isFar || reachedByOthers(texts).length > 0) && joinToken === undefined)
    faults.push(
      `${said} is a cluster that others can reach and RANKSCOPE_JOIN_TOKEN is not set: set it, as the leader has it`,
    );
  if (isFar && reachedByOthers(texts).length === 0)
    faults.push(
      `${said} is another machine, which cannot reach this plane at RANKSCOPE_HOST = "${hostOf(texts)}": bind an address of the network with --host, or say with RANKSCOPE_PUBLIC_URL where this plane is reached`,
    );
  return faults;
}

/** Settings by which this plane is reached from elsewhere. */
function reachedByOthers(texts: Texts): [key: string, value: string][] {
  const { RANKSCOPE_PUBLIC_URL: publicUrl } = texts;
  const host = hostOf(texts);
  const found: [string, string][] = isLoopback(host) ? [] : [['RANKSCOPE_HOST', host]];
  const publicHost = publicUrl === undefined ? null : URL.parse(publicUrl)?.hostname;
  if (publicUrl !== undefined && publicHost && !isLoopback(publicHost)) found.push(['RANKSCOPE_PUBLIC_URL', publicUrl]);
  return found;
}

function isOwnAddress(leader: URL, texts: Texts): boolean {
  const host = hostOf(texts);
  if (leader.protocol !== 'http:' || (leader.port || '80') !== (texts.RANKSCOPE_PORT ?? defaultPort)) return false;
  if (isLoopback(leader.hostname)) return isLoopback(host) || isWildcard(host);
  return leader.hostname === URL.parse(`http://${bracketed(host)}`)?.hostname;
}

const defaultPort = '52500';

function hostOf(texts: Texts): string {
  return texts.RANKSCOPE_HOST ?? '127.0.0.1';
}
