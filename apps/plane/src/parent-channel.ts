/** What a plane tells the process that started it, over Node's IPC channel. */
export type ToParent =
  | { readonly type: 'listening'; readonly url: string }
  /** How joining a cluster went at first, as a sentence about this plane. */
  | { readonly type: 'cluster'; readonly text: string }
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'ready'; readonly modelId: string | null }
  | { readonly type: 'failed'; readonly reason: string };

export interface ParentChannel {
  tell(message: ToParent): void;
  /** The parent ended or let go of us. Never called where there is none. */
  onGone(listener: () => void): void;
}

export function openParent(self: NodeJS.Process): ParentChannel {
  if (!self.send) return { tell: () => undefined, onGone: () => undefined };
  // A message that is not for us still keeps the channel open, and with it the news that the parent is gone.
  self.on('message', () => undefined);
  return {
    // The callback takes the error of a parent that is gone already; `disconnect` tells of it.
    tell: (message) => void (self.connected && self.send?.(message, undefined, undefined, () => undefined)),
    onGone: (listener) => void self.once('disconnect', listener),
  };
}
