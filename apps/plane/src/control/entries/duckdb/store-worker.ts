// The thread that owns a store's file. It alone loads DuckDB, and nothing of the plane waits for it.
import { parentPort, workerData } from 'node:worker_threads';
import { buffersOf } from '../packed-batch.ts';
import { Keeper } from './keeper.ts';
import type { FromStore, StoreSettings, ToStore } from './store-messages.ts';

const port = parentPort;
if (port === null) throw new Error('store-worker.ts is the beginning of a thread, not of a process');

const { settings, nowMs }: { settings: StoreSettings; nowMs: number } = workerData;
const send = (message: FromStore) =>
  port.postMessage(message, 'answer' in message ? buffersOf(message.answer.batch) : []);
const keeper = new Keeper({ settings, nowMs, send });
port.on('message', (message: ToStore) => keeper.receive(message));
await keeper.run();
port.close();
