import type { RingEntry } from '@rankscope/flight-recorder';
import { spanAttributes as names } from '@rankscope/schema';
import type { Attributes } from './evidence.ts';
import type { OpenPhase, PlanState, Site } from './plan-state.ts';

export function idAttributes({ commandId, taskId }: Pick<OpenPhase, 'commandId' | 'taskId'>): Attributes {
  return {
    ...(taskId !== null && { [names.taskId]: taskId }),
    ...(commandId !== null && { [names.commandId]: commandId }),
  };
}

export function phaseAttributes(phase: OpenPhase, site: Site | null): Attributes {
  return {
    [names.phase]: phase.phase,
    ...idAttributes(phase),
    ...siteAttributes(site),
    ...(phase.detail !== null && { [names.detail]: phase.detail }),
  };
}

function siteAttributes(site: Site | null): Attributes {
  if (site === null) return {};
  const { op, group, barrierSeq, layer, peer } = site;
  return {
    [names.op]: op,
    [names.group]: group,
    ...(barrierSeq !== null && { [names.barrierSeq]: barrierSeq }),
    ...(layer !== null && { [names.layer]: layer }),
    ...(peer !== null && { [names.peer]: peer }),
  };
}

/** Where the rank stands: inside a collective, or behind the last one that it left. */
export function standingAttributes({ site, lastLeft }: PlanState): Attributes {
  if (site !== null) return { [names.detail]: `in ${describeSite(site)}` };
  return lastLeft === null ? {} : { [names.barrierLeft]: lastLeft, [names.detail]: `left ${lastLeft}` };
}

/** `all_sum 413, layer 12` · `recv 88 from rank 0`. */
function describeSite({ op, barrierSeq, layer, peer, group }: Site): string {
  const number = barrierSeq === null ? '' : ` ${barrierSeq}`;
  const partner = peer === null ? '' : ` ${op === 'send' ? 'to' : 'from'} rank ${peer}`;
  return `${op}${number}${partner}${group === 0 ? '' : `, group ${group}`}${layer === null ? '' : `, layer ${layer}`}`;
}

/** Bytes. */
export function memoryAttributes(memory: RingEntry['memory']): Attributes {
  return {
    ...(memory?.active != null && { [names.memoryActive]: memory.active }),
    ...(memory?.cache != null && { [names.memoryCache]: memory.cache }),
    ...(memory?.peak != null && { [names.memoryPeak]: memory.peak }),
  };
}
