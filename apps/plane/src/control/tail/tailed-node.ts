/** What is known of following one node; shown in the analysis and counted in the metrics. */
export interface TailedNode {
  readonly nodeId: string;
  /** Null: this plane's own. */
  readonly url: string | null;
  readonly state: 'starting' | 'following' | 'silent' | 'refused' | 'store full';
  /** Why it is not being followed, as a sentence. */
  readonly error: string | null;
  /** Entries that were handed to the store. */
  readonly entries: number;
  /** Entries that its recorders overwrote before they could be read. */
  readonly dropped: number;
  /** Answers that were not believed. */
  readonly refused: number;
  /** Times that the store had no room, and the same entries were asked for again. */
  readonly storeFull: number;
  /** Times that it was read from the beginning, because it did not know its own cursor. */
  readonly rewound: number;
  /** Answers kept: whoever remembers the node's words sees by it that there are newer ones. */
  readonly answers: number;
}
