import type { EngineOptions, GenerateOptions, LoadOptions, RecorderOptions } from '../../../native/lib/index.ts';

export type RankCall =
  | {
      readonly call: 'open';
      readonly directory: string;
      readonly recorder: RecorderOptions;
      readonly engine: Omit<EngineOptions, 'recorder'>;
    }
  | { readonly call: 'memory'; readonly directory: string }
  | { readonly call: 'joinGroup' | 'warmup' | 'cancel' | 'links' | 'dropCaches' | 'close' }
  | { readonly call: 'load'; readonly options: LoadOptions }
  | { readonly call: 'gather'; readonly phase: number; readonly bytes: Uint8Array }
  | { readonly call: 'generate'; readonly options: GenerateOptions }
  | { readonly call: 'exit'; readonly code: number }
  | { readonly call: 'abort'; readonly reason: string }
  | {
      readonly call: 'inject';
      readonly kind: number;
      readonly phase: number;
      readonly after: number;
      readonly delayMs: number;
    };

export type RankOrder = RankCall & { readonly id: number };

export type RankAnswer =
  | { readonly id: number; readonly ok: true; readonly value: unknown; readonly ms: number }
  | { readonly id: number; readonly ok: false; readonly name: string; readonly message: string; readonly ms: number }
  | { readonly id: number; readonly token: number; readonly index: number };
