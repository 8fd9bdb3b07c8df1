/**
 * The published ClusterTimeline, written down a second time from its text and by hand, so that a slip in the schema
 * package cannot agree with itself. Uses nothing of ours.
 */
export function publishedFaults(value: unknown): string[] {
  const faults: string[] = [];
  check(timeline, value, '', faults);
  return faults;
}

type Shape =
  | 'string'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'time'
  | 'attributes'
  | { readonly orNull: Shape }
  | { readonly listOf: Shape }
  | { readonly oneOf: readonly string[] }
  | { readonly fields: Readonly<Record<string, Shape>> };

const phases =
  'created, idle, connect_group, load_model, warmup, task_submission, task_agreement, prompt_build, vision_preprocess, ' +
  'kv_cache_lookup, prefill_barrier, prefill_pipeline, prefill_stream, decode_barrier, decode_wait_first_token, ' +
  'decode_stream, parser, cancel_requested, cancel_observed, completion, error, shutdown_cleanup';
const phase: Shape = { oneOf: phases.split(', ') };
const text: Shape = { orNull: 'string' };
const memory: Shape = { orNull: { fields: { inBytes: 'integer' } } };
const snapshot: Shape = {
  orNull: {
    fields: { generatedAt: 'time', active: memory, cache: memory, peak: memory, wiredLimit: memory, source: 'string' },
  },
};

const runner: Shape = {
  fields: {
    nodeId: 'string',
    runnerId: 'string',
    instanceId: 'string',
    modelId: 'string',
    deviceRank: 'integer',
    worldSize: 'integer',
    pid: { orNull: 'integer' },
    processAlive: 'boolean',
    statusKind: 'string',
    phase,
    phaseDetail: text,
    secondsInPhase: 'number',
    lastProgressAt: { orNull: 'time' },
    activeTaskId: text,
    activeCommandId: text,
    lastMlxMemory: snapshot,
  },
};

const entry: Shape = {
  fields: {
    at: 'time',
    nodeId: 'string',
    runnerId: 'string',
    deviceRank: 'integer',
    worldSize: 'integer',
    phase,
    event: 'string',
    detail: text,
    attrs: 'attributes',
    taskId: text,
    commandId: text,
    mlxMemory: snapshot,
  },
};

const timeline: Shape = {
  fields: {
    generatedAt: 'time',
    localNodeId: 'string',
    masterNodeId: text,
    runners: { listOf: runner },
    timeline: { listOf: entry },
    unreachableNodes: { listOf: { fields: { nodeId: 'string', url: text, error: 'string' } } },
  },
};

function check(shape: Shape, value: unknown, path: string, faults: string[]): void {
  if (typeof shape === 'string') {
    if (!plain[shape](value)) faults.push(`${path} is no ${shape}: ${JSON.stringify(value)}`);
  } else if ('orNull' in shape) {
    if (value !== null) check(shape.orNull, value, path, faults);
  } else if ('oneOf' in shape) {
    if (!shape.oneOf.includes(String(value)))
      faults.push(`${path} is none of the published values: ${JSON.stringify(value)}`);
  } else if ('listOf' in shape) {
    if (!Array.isArray(value)) faults.push(`${path} is no list`);
    else for (const [index, item] of value.entries()) check(shape.listOf, item, `${path}[${index}]`, faults);
  } else checkFields(shape.fields, value, path, faults);
}

/** Field by field, nothing more, nothing left out. */
function checkFields(fields: Readonly<Record<string, Shape>>, value: unknown, path: string, faults: string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    faults.push(`${path} is no object`);
    return;
  }
  const given = new Map(Object.entries(value));
  for (const name of given.keys()) if (!(name in fields)) faults.push(`${path}.${name} was never published`);
  for (const [name, shape] of Object.entries(fields)) {
    if (given.has(name)) check(shape, given.get(name), `${path}.${name}`, faults);
    else faults.push(`${path}.${name} is missing`);
  }
}

const isAttribute = (value: unknown) =>
  ['string', 'number', 'boolean'].includes(typeof value) ||
  (Array.isArray(value) && value.every((item) => typeof item === 'string'));

const plain: Readonly<Record<Extract<Shape, string>, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  boolean: (value) => typeof value === 'boolean',
  time: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(value),
  attributes: (value) => typeof value === 'object' && value !== null && Object.values(value).every(isAttribute),
};
