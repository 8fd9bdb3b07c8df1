/** How far making a model available has come; bytes are those of the step that is under way. */
export interface ModelProgress {
  readonly step: 'download' | 'verify' | 'convert' | 'ready';
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly message: string;
}
