import {
  ChatCompletion,
  type ChatCompletionRequest,
  ClusterAnalysis,
  ClusterDiagnostics,
  ClusterNodes,
  ClusterTimeline,
  InjectAnswer,
  type InjectRequest,
  ModelList,
  NodeDiagnostics,
  type TimelineQuery,
} from '@rankscope/schema';
import { z } from 'zod';
import { type FetchJsonOptions, type FetchJsonResult, fetchJson } from './fetch-json.ts';
import { streamChat } from './stream-chat.ts';
import { watchTimeline } from './watch-timeline.ts';

export interface PlaneClientOptions {
  readonly token?: string | undefined;
  /** For questions that a plane answers from what it knows; it may ask its peers first, which takes it 2 s. */
  readonly deadlineMs?: number;
  /** For a whole answer of a model. */
  readonly chatDeadlineMs?: number;
}

const defaultDeadlineMs = 5_000;
/** As long as a task may take by default. */
const defaultChatDeadlineMs = 1_800_000;
/** 65,536 entries of every one of a few ranks; more is asked for in pieces. */
const maxAnswerBytes = 256 * 1024 * 1024;

/** What a plane can be asked, as typed calls. Failing is an answer (`kind: 'failed'`), only streams throw. */
export interface PlaneClient {
  readonly baseUrl: string;
  nodeId(): Promise<FetchJsonResult<string>>;
  nodeDiagnostics(query?: { readonly limit?: number }): Promise<FetchJsonResult<NodeDiagnostics>>;
  clusterDiagnostics(): Promise<FetchJsonResult<ClusterDiagnostics>>;
  /** Who belongs to the cluster, as the plane knows it. */
  nodes(): Promise<FetchJsonResult<ClusterNodes>>;
  timeline(query?: Partial<TimelineQuery>): Promise<FetchJsonResult<ClusterTimeline>>;
  analysis(): Promise<FetchJsonResult<ClusterAnalysis>>;
  /** Into a rank of the named node, or of the plane's own when null. */
  inject(
    nodeId: string | null,
    request: Partial<InjectRequest> & Pick<InjectRequest, 'kind' | 'rank'>,
  ): Promise<FetchJsonResult<InjectAnswer>>;
  models(): Promise<FetchJsonResult<ModelList>>;
  chat(request: ChatCompletionRequest, signal?: AbortSignal): Promise<FetchJsonResult<ChatCompletion>>;
  streamChat(request: ChatCompletionRequest, signal: AbortSignal): AsyncGenerator<string>;
  watchTimeline(signal: AbortSignal, onBreak?: (reason: string) => void): ReturnType<typeof watchTimeline>;
}

export function createPlaneClient(address: string, options: PlaneClientOptions = {}): PlaneClient {
  const baseUrl = address.replace(/\/+$/, '');
  const headers: Record<string, string> =
    options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
  const chatDeadlineMs = options.chatDeadlineMs ?? defaultChatDeadlineMs;

  function ask<T>(
    path: string,
    schema: z.ZodType<T>,
    more: Partial<FetchJsonOptions<T>> = {},
  ): Promise<FetchJsonResult<T>> {
    return fetchJson({ url: `${baseUrl}${path}`, schema, deadlineMs, maxBytes: maxAnswerBytes, headers, ...more });
  }
  return {
    baseUrl,
    nodeId: () => ask('/node_id', z.string()),
    nodeDiagnostics: (query = {}) => ask(`/v1/diagnostics/node${queryOf(query)}`, NodeDiagnostics),
    clusterDiagnostics: () => ask('/v1/diagnostics/cluster', ClusterDiagnostics),
    nodes: () => ask('/v1/nodes', ClusterNodes),
    timeline: (query = {}) => ask(`/v1/diagnostics/cluster/timeline${queryOf(query)}`, ClusterTimeline),
    analysis: () => ask('/v1/diagnostics/cluster/analysis', ClusterAnalysis),
    inject: (nodeId, body) =>
      ask(
        nodeId === null
          ? '/v1/diagnostics/node/inject'
          : `/v1/diagnostics/cluster/${encodeURIComponent(nodeId)}/inject`,
        InjectAnswer,
        { body },
      ),
    models: () => ask('/v1/models', ModelList),
    chat: (request, signal) =>
      ask('/v1/chat/completions', ChatCompletion, {
        body: { ...request, stream: false },
        deadlineMs: chatDeadlineMs,
        signal,
      }),
    streamChat: (request, signal) => streamChat({ baseUrl, headers, request, signal }),
    watchTimeline: (signal, onBreak = () => {}) => watchTimeline({ baseUrl, headers, signal, onBreak }),
  };
}

function queryOf(query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}
