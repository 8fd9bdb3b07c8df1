import { z } from './zod.ts';

/** Every problem a caller can be told of: code → HTTP status and title. Codes are part of the API. */
export const problemCodes = {
  bad_query: { status: 422, title: 'A query parameter is wrong' },
  bad_body: { status: 422, title: 'A field of the request is wrong' },
  bad_json: { status: 400, title: 'The request is not JSON' },
  body_too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'This content type is not taken here' },
  unauthorized: { status: 401, title: 'A token is needed' },
  forbidden_host: { status: 403, title: 'This Host or Origin is not served here' },
  joining_not_allowed: { status: 403, title: 'Planes may not join here' },
  injection_not_allowed: { status: 403, title: 'Faults may not be injected here' },
  not_found: { status: 404, title: 'There is nothing here' },
  model_not_found: { status: 404, title: 'No such model is served' },
  node_not_found: { status: 404, title: 'There is no such node' },
  rank_not_found: { status: 404, title: 'There is no such rank' },
  task_not_found: { status: 404, title: 'There is no such task' },
  node_id_taken: { status: 409, title: 'Another plane already has this node id' },
  address_taken: { status: 409, title: 'Another node has this address' },
  cluster_full: { status: 409, title: 'The cluster has as many nodes as it may' },
  not_leader: { status: 409, title: 'This plane does not lead the cluster' },
  rank_ended: { status: 409, title: 'The rank has ended' },
  prompt_too_long: { status: 400, title: 'The prompt is longer than the context' },
  too_many_requests: { status: 429, title: 'The queue is full' },
  overloaded: { status: 503, title: 'More arrives than can be taken; try again' },
  instance_not_ready: { status: 503, title: 'The model is not ready' },
  rank_failed: { status: 502, title: 'A rank failed' },
  node_unreachable: { status: 502, title: 'The node could not be reached' },
  node_late: { status: 504, title: 'The node did not answer in time' },
  deadline_passed: { status: 504, title: 'The deadline passed' },
  internal: { status: 500, title: 'A bug in Rankscope' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemCode = keyof typeof problemCodes;

/** RFC 9457, plus `error` so that OpenAI and exo clients find what they look for. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().nullable(),
    error: z.object({ message: z.string(), type: z.string(), code: z.string() }),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

/** The caller's mistake, or what the caller must know. `detail` names the field and the fix. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  constructor(code: ProblemCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'ProblemError';
    this.code = code;
  }
}

export function problemOf(code: ProblemCode, detail: string, instance: string | null): Problem {
  const { status, title } = problemCodes[code];
  return { type: `/problems/${code}`, title, status, detail, instance, error: { message: detail, type: code, code } };
}
