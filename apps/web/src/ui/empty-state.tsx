import type { Board } from '../timeline/rows.ts';

/** Why there are no lanes: nothing has come yet, or there is nothing to show, and what to do about it. */
export function EmptyState({ board }: { readonly board: Board | null }) {
  if (board === null)
    return (
      <div className="border-t border-weak px-3 py-3" aria-busy="true">
        <p className="mb-3 type-small text-ink2">Waiting for the first report</p>
        {[0, 1].map((lane) => (
          <div key={lane} className="mb-3 flex items-center gap-3">
            <div className="h-7 w-40 rounded-sm bg-raised max-sm:w-20" />
            <div className="h-7 flex-1 bg-raised" />
          </div>
        ))}
      </div>
    );
  const reachable = board.analysis.nodes.filter((node) => node.reachable).length;
  return (
    <div className="border-t border-weak px-3 py-10 text-center" data-testid="no-runners">
      <p className="type-title">
        No runners reported by {reachable} reachable {reachable === 1 ? 'node' : 'nodes'}.
      </p>
      <p className="mt-1 text-ink2">
        Start a model with <code className="rounded-[3px] bg-raised px-1.5 py-0.5">npm start -- --model tiny</code>; its
        ranks appear here by themselves.
      </p>
    </div>
  );
}
