import type { ClusterTimelineEntry } from '@rankscope/schema';
import { useState } from 'react';
import { Swatch } from '../ui/swatch.tsx';

const rowPx = 24;
const shownRows = 14;

/** Attributes worth a line: what distinguishes one collective from the next. */
function gist({ attrs, detail, phase }: ClusterTimelineEntry): string {
  const { op, barrierSeq, layer, waitingOn, chunkIndex, chunkTotal } = attrs;
  const parts = [
    op === undefined ? null : `${String(op)}${barrierSeq === undefined ? '' : ` ${String(barrierSeq)}`}`,
    layer === undefined ? null : `layer ${String(layer)}`,
    waitingOn === undefined ? null : `rank ${String(waitingOn)}`,
    chunkIndex === undefined ? null : `${String(chunkIndex)} of ${String(chunkTotal ?? '?')}`,
    op === undefined ? [phase, detail].filter(Boolean).join(', ') : null,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

/** Newest first. Only the rows in sight are in the page, however many there are. */
export function EntryList({ entries }: { readonly entries: readonly ClusterTimelineEntry[] }) {
  const [top, setTop] = useState(0);
  const first = Math.max(0, Math.min(Math.floor(top / rowPx), entries.length - shownRows));
  const shown = Array.from(
    { length: Math.min(shownRows + 2, entries.length - first) },
    (_, at) => entries[entries.length - 1 - first - at],
  );
  if (entries.length === 0) return <p className="px-3 pb-3 type-small text-ink2">No entries of this rank.</p>;
  return (
    <section
      aria-label="Last entries, newest first"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard
      tabIndex={0}
      className="overflow-x-hidden overflow-y-auto"
      style={{ height: Math.min(shownRows, entries.length) * rowPx + 4 }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <ol className="relative" style={{ height: entries.length * rowPx }} data-testid="entries">
        {shown.map((entry, at) =>
          entry === undefined ? null : (
            <li
              key={`${entry.runnerId} ${String(entry.attrs.seq ?? `${entry.at} ${first + at}`)} ${String(entry.attrs.source ?? '')}`}
              className="absolute inset-x-0 flex items-center gap-2 px-3 type-tick"
              style={{ top: (first + at) * rowPx, height: rowPx }}
              aria-posinset={first + at + 1}
              aria-setsize={entries.length}
            >
              <time className="text-ink3">{entry.at.slice(11, 23)}</time>
              <Swatch phase={entry.phase} size={8} />
              <span className="shrink-0 text-ink" title={entry.phase}>
                {entry.event}
              </span>
              <span className="min-w-0 truncate text-ink2">{gist(entry)}</span>
            </li>
          ),
        )}
      </ol>
    </section>
  );
}
