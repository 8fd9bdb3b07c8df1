import type { EngineOptions, GenerateOptions, LoadOptions, NativeEngine } from './binding.ts';
import { nameNativeError } from './errors.ts';

/**
 * The addon's engine with errors that have their classes back. Methods are written out: a proxy would do it in five
 * lines, and every stack trace and every type would be the poorer.
 */
export function createEngineClass(
  open: (options: EngineOptions) => NativeEngine,
): new (
  options: EngineOptions,
) => NativeEngine {
  return class Engine implements NativeEngine {
    readonly #native: NativeEngine;

    constructor(options: EngineOptions) {
      this.#native = named(() => open(options));
    }

    joinGroup() {
      return namedLater(() => this.#native.joinGroup());
    }
    load(options: LoadOptions, onLayer: (done: number, total: number) => void) {
      return namedLater(() => this.#native.load(options, onLayer));
    }
    warmup() {
      return namedLater(() => this.#native.warmup());
    }
    gather(phase: number, bytes: Uint8Array) {
      return namedLater(() => this.#native.gather(phase, bytes));
    }
    generate(options: GenerateOptions, onToken: (token: number, index: number) => void) {
      return namedLater(() => this.#native.generate(options, onToken));
    }
    cancel() {
      named(() => this.#native.cancel());
    }
    abort(reason: string) {
      named(() => this.#native.abort(reason));
    }
    inject(kind: number, phase: number, after: number, delayMs: number) {
      named(() => this.#native.inject(kind, phase, after, delayMs));
    }
    links() {
      return named(() => this.#native.links());
    }
    dropCaches() {
      return namedLater(() => this.#native.dropCaches());
    }
    close() {
      return namedLater(() => this.#native.close());
    }
  };
}

function named<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw nameNativeError(error);
  }
}

/** Wrong arguments throw at once, like every caller's mistake; what the engine says comes as a rejection. */
function namedLater<T>(call: () => Promise<T>): Promise<T> {
  return named(call).catch((error: unknown) => {
    throw nameNativeError(error);
  });
}
