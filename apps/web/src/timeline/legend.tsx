import { type PhaseFamily, phaseFacts, runnerPhases } from '@rankscope/schema';
import { Swatch } from '../ui/swatch.tsx';

const families: readonly PhaseFamily[] = ['lifecycle', 'task', 'prefill', 'decode', 'cancel', 'end'];

/** Every phase with its two letters; the whole name is one hover away and in the table below the lanes. */
export function Legend() {
  return (
    <div className="flex flex-wrap gap-x-3.5 gap-y-1.5 border-t border-weak px-3 py-2 type-tick text-ink3 max-sm:hidden">
      {families.map((family) => (
        <span key={family} className="flex items-center gap-2">
          <span>{family}</span>
          {runnerPhases
            .filter((phase) => phaseFacts[phase].family === family)
            .map((phase) => (
              <abbr key={phase} title={phase} className="flex items-center gap-1 text-ink2 no-underline">
                <Swatch phase={phase} size={8} />
                <span className="font-[family-name:var(--font-mono)]">{phaseFacts[phase].short}</span>
              </abbr>
            ))}
        </span>
      ))}
    </div>
  );
}
