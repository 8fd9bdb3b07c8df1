import type { ModelList } from '@rankscope/schema';
import type { Context } from './context.ts';

/** The models that answer here. One that has lost a rank never will again. */
export function listModels({ serving }: Context): ModelList {
  const instance = serving()?.instance;
  const data = instance?.runners.every(({ facts }) => facts.alive)
    ? [{ id: instance.modelId, object: 'model' as const, created: instance.createdAtSeconds, owned_by: 'rankscope' }]
    : [];
  return { object: 'list', data };
}
