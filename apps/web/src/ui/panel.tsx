import type { ReactNode } from 'react';

export interface PanelProps {
  readonly title: string;
  /** One quiet fact beside the title. */
  readonly fact?: ReactNode;
  /** What the lines of a plot are, at the right end of the head. */
  readonly legend?: ReactNode;
  readonly children: ReactNode;
}

export function Panel({ title, fact, legend, children }: PanelProps) {
  return (
    <section aria-label={title} className="panel min-w-0 overflow-hidden">
      <div className="flex h-9 items-center gap-3 px-3">
        <h2 className="type-panel text-ink">{title}</h2>
        <div className="min-w-0 truncate type-small text-ink2">{fact}</div>
        {legend && <div className="ml-auto flex shrink-0 items-center gap-3 type-tick text-ink2">{legend}</div>}
      </div>
      {children}
    </section>
  );
}
