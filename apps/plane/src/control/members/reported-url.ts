import type { ClusterReport } from '@rankscope/schema';
import { bracketed, normalUrl } from '../../plane-address.ts';

/**
 * Where a plane is reached that has just reported: where it says, or, bound to every address of its machine, at the
 * address that its report came from. Null when neither is an address that others could use.
 */
export function reportedUrl({ url, port }: Pick<ClusterReport, 'url' | 'port'>, from: string | null): string | null {
  if (url !== null) return normalUrl(url);
  if (from === null) return null;
  // An IPv4 caller of a socket that takes both.
  const host = from.replace(/^::ffff:(?=\d+\.)/i, '');
  // A link-local address needs the caller's own name of the interface, which a URL has no place for.
  return host.includes('%') ? null : normalUrl(`http://${bracketed(host)}:${port}`);
}
