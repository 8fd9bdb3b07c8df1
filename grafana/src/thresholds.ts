import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';

/** Seconds without progress: worth a look, and the alert's own. */
export const stuckSeconds = { look: 5, alert: 15 } as const;

export const good = 'green';
export const notable = 'orange';
export const bad = 'red';

/** Good below the first value, notable from it on, bad from the second on. */
export function risingBadness(look: number, alert: number): ThresholdsConfigBuilder {
  return steps([null, good], [look, notable], [alert, bad]);
}

/** Good while nothing is there, bad from the first one on. */
export const noneIsGood = () => steps([null, good], [1, bad]);

export const noJudgement = () => steps([null, 'text']);

export function steps(...all: readonly (readonly [from: number | null, color: string])[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(all.map(([value, color]) => ({ value, color })));
}
