import type { SiteSlice } from './lane.ts';
import type { SiteEntry } from './site-of.ts';

/** Pairs the enters and exits of collectives, sends and receives. Several may be open at once, and that is a finding. */
export function createSiteTrack() {
  const open = new Map<string, { slice: SiteSlice; untilNext: boolean }>();
  const closed: SiteSlice[] = [];
  let lastClosed = '';

  function close(key: string, slice: SiteSlice, us: number, lost: boolean): void {
    open.delete(key);
    closed.push({ ...slice, endUs: us, lost });
    lastClosed = key;
  }

  function closeAll(us: number, lost: boolean): void {
    for (const [key, { slice }] of open) close(key, slice, us, lost);
  }

  return {
    see(us: number, site: SiteEntry, phase: string): void {
      const key = keyOf(site);
      const known = open.get(key)?.slice;
      const { op, group, barrierSeq, layer, peer } = site;
      const slice = {
        op,
        group,
        barrierSeq,
        layer,
        peer,
        phase,
        startUs: us,
        endUs: null,
        enterSeen: true,
        lost: false,
      };
      if (site.kind === 'enter') {
        // A gate's phase and the collective in it may both carry the number: one place, and the more exact name.
        const startUs = known?.startUs ?? us;
        open.set(key, {
          slice: { ...slice, startUs, op: op === 'collective' ? (known?.op ?? op) : op },
          untilNext: site.untilNext,
        });
      } else if (known) close(key, known, us, site.kind === 'failed');
      else if (key !== lastClosed) close(key, { ...slice, enterSeen: false }, us, site.kind === 'failed');
    },
    /** The runner wrote something else: what is known to be open only until then has ended. */
    next(us: number): void {
      for (const [key, { slice, untilNext }] of open) if (untilNext) close(key, slice, us, false);
    },
    forget: (us: number) => closeAll(us, true),
    end(deathUs: number | null): SiteSlice[] {
      if (deathUs !== null) closeAll(deathUs, true);
      return [...closed, ...[...open.values()].map(({ slice }) => slice)].sort((a, b) => a.startUs - b.startUs);
    },
  };
}

/** Ordinals of collectives count per group; those of sends and receives per peer and direction. */
function keyOf({ op, group, barrierSeq, peer }: SiteEntry): string {
  if (barrierSeq === null) return `${op}/${peer ?? ''}`;
  return peer === null ? `${group}#${barrierSeq}` : `${group}/${op}/${peer}#${barrierSeq}`;
}
