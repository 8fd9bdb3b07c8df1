export interface RankSpansOptions {
    readonly batches: number;
    readonly spansPerBatch: number;
    readonly spansPerTrace: number;
    readonly ranks: number;
    /** Nanoseconds since the epoch at which the first span starts. */
    readonly startNs: bigint;
}
/** One span as it was sent, for whoever looks for it afterwards. */
export interface SentSpan {
    readonly rank: number;
    readonly startUs: number;
    readonly endUs: number;
}
export interface RankSpans {
    /** ExportTraceServiceRequests in protobuf, each of one rank. */
    readonly requests: readonly Buffer[];
    readonly sent: readonly SentSpan[];
}
/** Requests full of spans of ranks, 6 attributes each, no two alike in rank and time. */
export declare function makeRankSpans(options: RankSpansOptions): RankSpans;
