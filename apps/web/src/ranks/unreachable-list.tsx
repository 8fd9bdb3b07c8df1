import type { Board } from '../timeline/rows.ts';
import { Panel } from '../ui/panel.tsx';

/** Nodes that gave no usable answer: where they were looked for, and what came instead. */
export function UnreachableList({ board }: { readonly board: Board | null }) {
  if (board === null || board.unreachable.length === 0) return null;
  const { unreachable } = board;
  return (
    <Panel title="Unreachable" fact={`${unreachable.length} of ${board.analysis.nodes.length} nodes`}>
      <ul className="border-t border-weak px-3 py-2 type-small" data-testid="unreachable">
        {unreachable.map(({ nodeId, url, error }) => (
          <li key={`${nodeId} ${url}`} className="flex flex-wrap items-baseline gap-x-3 py-1">
            <span className="flex items-center gap-2 text-warning">
              <WarningGlyph />
              {board.nodeNames.get(nodeId) ?? nodeId}
            </span>
            <code className="break-all text-ink2">{url ?? 'no address known'}</code>
            <span className="min-w-0 break-words text-ink">{error}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function WarningGlyph() {
  return (
    <svg viewBox="0 0 14 13" width="14" height="13" className="shrink-0" aria-hidden="true">
      <path
        d="M7 1 13.200 12H.8zM7 5v3.500M7 9.800v.7"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.300"
        strokeLinejoin="round"
      />
    </svg>
  );
}
