import { type MetricKey, metricFacts, phaseFacts, runnerPhases } from '@rankscope/schema';

/** Labels that a dashboard offers for choice, each as a variable of the same name. */
export const chosenLabels = ['node', 'instance_id', 'model', 'rank'] as const;

/** What makes a rank, in every aggregation: who scraped it, and under which address, does not. */
export const byRank = 'by (node, instance_id, model, rank)';
const onRank = 'on (node, instance_id, model, rank)';

export interface SelectOptions {
  /** More to match: `phase="idle"`. */
  readonly where?: string;
  /** Of a histogram: `_bucket`, `_sum` or `_count`. */
  readonly part?: '_bucket' | '_sum' | '_count' | '';
}

/** A metric of the table, narrowed to what is chosen at the top of the dashboard. */
export function select(metric: MetricKey, { where, part = '' }: SelectOptions = {}): string {
  const { name, labels } = metricFacts[metric];
  const chosen = chosenLabels
    .filter((label) => labels.some((own) => own === label))
    .map((label) => `${label}=~"$${label}"`);
  return `${name}${part}{${[...chosen, ...(where === undefined ? [] : [where])].join(', ')}}`;
}

/** Phases in which a rank has nothing to do, so that standing still is no finding. */
export const restingPhases = runnerPhases.filter((phase) => ['rest', 'terminal'].includes(phaseFacts[phase].class));

/** 1 for a rank that has something to do, 0 for one that rests. */
export const atWork = `sum ${byRank} (${select('runnerPhase', { where: `phase!~"${restingPhases.join('|')}"` })})`;

/** The value where the rank has something to do, 0 where it rests. */
export function whileAtWork(expression: string): string {
  return `${expression} * ${onRank} ${atWork}`;
}

/** The number of the phase that each rank is in, for panels that turn numbers into names and colours. */
export const phaseNumber = `max ${byRank} (\n  ${runnerPhases
  .map((phase) => `(${select('runnerPhase', { where: `phase="${phase}"` })} == 1) * ${phaseFacts[phase].code}`)
  .join('\n  or ')}\n)`;
