// One rank, told over IPC what to call: a process has one engine, so tests start one process a rank.
import { loadBinding, type NativeEngine, type NativeRecorder } from '../../../native/lib/index.ts';
import type { RankAnswer, RankOrder } from './rank-messages.ts';

let engine: NativeEngine | null = null;
let recorder: NativeRecorder | null = null;

process.on('message', (order: RankOrder) => {
  void obey(order);
});
process.on('disconnect', () => process.exit(0));

async function obey(order: RankOrder): Promise<void> {
  const started = performance.now();
  try {
    answer({ id: order.id, ok: true, value: await perform(order), ms: performance.now() - started });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    answer({ id: order.id, ok: false, name, message, ms: performance.now() - started });
  }
}

function answer(message: RankAnswer): void {
  process.send?.(message);
}

function perform(order: RankOrder): unknown {
  if (order.call === 'open') {
    const { info, memory, openRecorder, Engine } = loadBinding({ directory: order.directory });
    recorder = openRecorder(order.recorder);
    engine = new Engine({ ...order.engine, recorder });
    return { info: info(), memory: memory() };
  }
  if (engine === null || recorder === null) throw new Error('open comes first');
  switch (order.call) {
    case 'memory':
      return loadBinding({ directory: order.directory }).memory();
    case 'joinGroup':
      return engine.joinGroup();
    case 'load':
      return engine.load(order.options, () => {});
    case 'warmup':
      return engine.warmup();
    case 'gather':
      return engine.gather(order.phase, order.bytes);
    case 'generate':
      return engine.generate(order.options, (token, index) => answer({ id: order.id, token, index }));
    case 'cancel':
      return engine.cancel();
    case 'abort':
      return engine.abort(order.reason);
    case 'inject':
      return engine.inject(order.kind, order.phase, order.after, order.delayMs);
    case 'links':
      return engine.links();
    case 'dropCaches':
      return engine.dropCaches();
    case 'exit':
      return process.exit(order.code);
    case 'close':
      return engine.close().then(() => recorder?.close(0));
  }
}
