import type { AttrValue, ClusterTimelineEntry } from '@rankscope/schema';

export interface SiteEntry {
  readonly kind: 'enter' | 'exit' | 'failed';
  readonly op: string;
  readonly group: number;
  readonly barrierSeq: number | null;
  readonly layer: number | null;
  readonly peer: number | null;
  /** The entry speaks of the site alone: the rank's phase is not changed by it. */
  readonly ownThread: boolean;
  /** The recorder never says when it ends: the next entry shows that it did. */
  readonly untilNext: boolean;
}

/** Reads an entry as coming to or leaving a place where a rank meets others; null when it is something else. */
export function siteOf(entry: ClusterTimelineEntry): SiteEntry | null {
  const { attrs, detail } = entry;
  const barrierSeq = integer(attrs.barrierSeq);
  const peer = peerOf(attrs);
  const place = { group: integer(attrs.group) ?? 0, barrierSeq, layer: integer(attrs.layer), peer };
  const op = typeof attrs.op === 'string' ? attrs.op : null;

  const own = ownEvents[entry.event];
  if (own) return { kind: own, op: op ?? 'collective', ...place, ownThread: true, untilNext: false };

  const wait = waitEvents[entry.event];
  if (wait && peer !== null) return { kind: 'enter', op: wait, ...place, ownThread: false, untilNext: true };

  if (entry.event !== 'enter' && entry.event !== 'exit') return null;
  // Recorders without numbers name the site in `detail`; in ours `detail` says something about the phase.
  const name = op ?? (attrs.seq === undefined ? detail : null);
  if (barrierSeq === null && peer === null && name === null) return null;
  return { kind: entry.event, op: name ?? 'collective', ...place, ownThread: false, untilNext: false };
}

/** Of our own recorder: written by the thread that makes the collective. */
const ownEvents: Readonly<Record<string, SiteEntry['kind'] | undefined>> = {
  collective_enter: 'enter',
  collective_exit: 'exit',
  collective_failed: 'failed',
};
const waitEvents: Readonly<Record<string, string | undefined>> = { recv_wait: 'recv', send_wait: 'send' };

/** `waitingOn` is a rank, or a list of ranks as text; Skulk says `src` and `dst`. */
function peerOf(attrs: ClusterTimelineEntry['attrs']): number | null {
  const { waitingOn } = attrs;
  const first = Array.isArray(waitingOn) ? waitingOn[0] : waitingOn;
  const peer = typeof first === 'string' && /^\d{1,6}$/.test(first) ? Number(first) : first;
  return integer(peer) ?? integer(attrs.src) ?? integer(attrs.dst);
}

function integer(value: AttrValue | undefined): number | null {
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}
