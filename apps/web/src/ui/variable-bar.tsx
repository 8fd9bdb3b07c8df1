import { windowChoices } from '../address.ts';
import { nowOf } from '../live/feed.ts';
import { useLive } from '../live/live-context.tsx';
import type { Board } from '../timeline/rows.ts';
import { followed, scaleOf, type ViewStore } from '../timeline/view.ts';

export interface VariableBarProps {
  readonly viewStore: ViewStore;
  readonly instances: Board['instances'];
  readonly instanceId: string | null;
  readonly windowSeconds: number;
  readonly live: boolean;
}

function windowName(seconds: number): string {
  if (seconds % 3600 === 0) return `last ${seconds / 3600} h`;
  return seconds % 60 === 0 ? `last ${seconds / 60} min` : `last ${seconds} s`;
}

const choice = 'flex h-7 items-center rounded border border-line bg-panel type-small';
const select = 'h-full rounded-r border-l border-line bg-raised pl-2 pr-1 text-ink hover:bg-hover';

/** Variables left, time right, as in Grafana. */
export function VariableBar({ viewStore, instances, instanceId, windowSeconds, live }: VariableBarProps) {
  const { feed } = useLive();
  const widths = [...new Set<number>([...windowChoices, windowSeconds])].sort((a, b) => a - b);
  const pause = () =>
    viewStore.set({
      live: false,
      toMs: scaleOf(viewStore.get(), nowOf(feed.get(), performance.now()).wallMs, 1).endMs,
    });
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-2 px-2 py-2 sm:px-3">
      <label className={choice}>
        <span className="px-2.5 text-ink2 max-sm:sr-only">instance</span>
        <select
          className={select}
          value={instanceId ?? ''}
          disabled={instances.length === 0}
          onChange={(event) => viewStore.set({ instanceId: event.target.value, selected: null, focusedKey: null })}
        >
          {instances.length === 0 && <option value="">none</option>}
          {instances.map((each) => (
            <option key={each.instanceId} value={each.instanceId}>
              {each.modelId.split('/').at(-1)}, {each.worldSize} {each.worldSize === 1 ? 'rank' : 'ranks'}
            </option>
          ))}
        </select>
      </label>
      <div className="ml-auto flex items-center gap-2">
        <label className={choice}>
          <span className="px-2.5 text-ink2 max-sm:sr-only">window</span>
          <select
            className={select}
            value={windowSeconds}
            onChange={(event) => viewStore.set({ windowSeconds: Number(event.target.value) })}
          >
            {widths.map((seconds) => (
              <option key={seconds} value={seconds}>
                {windowName(seconds)}
              </option>
            ))}
          </select>
        </label>
        {live ? (
          <button type="button" className="control" onClick={pause}>
            Pause
          </button>
        ) : (
          <button
            type="button"
            className="control border-transparent bg-plate text-on-plate hover:bg-plate hover:opacity-90"
            onClick={() => viewStore.set(followed())}
          >
            Resume (L)
          </button>
        )}
      </div>
    </div>
  );
}
