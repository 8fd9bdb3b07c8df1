import type { ModelList } from '@rankscope/schema';
import type { Context } from './context.ts';

/** The models that answer here. */
export function listModels({ serving }: Context): ModelList {
  const instance = serving()?.instance;
  const data = instance
    ? [{ id: instance.modelId, object: 'model' as const, created: instance.createdAtSeconds, owned_by: 'rankscope' }]
    : [];
  return { object: 'list', data };
}
