// The thread that owns a store's file. It alone loads DuckDB, and nothing of the plane waits for it.
import { parentPort, workerData } from 'node:worker_threads';
import { buffersOf } from '../packed-batch.ts';
import { createGate, shutGate, waitForGate } from './gate.ts';
import { Keeper } from './keeper.ts';
import { messageOf } from './open-database.ts';
import type { FromStore, StoreSettings, ToStore } from './store-messages.ts';

/** What the thread in front gives this one to begin with. */
export interface StoreWorkerData {
  readonly settings: StoreSettings;
  readonly nowMs: number;
  readonly gate: SharedArrayBuffer;
}

/** How often a thread that ends looks whether it may. */
const pollMs = 10;

const port = parentPort;
if (port === null) throw new Error('store-worker.ts is the beginning of a thread, not of a process');

const { settings, nowMs, gate }: StoreWorkerData = workerData;
const send = (message: FromStore) =>
  port.postMessage(message, 'answer' in message ? buffersOf(message.answer.batch) : []);
const keeper = new Keeper({ settings, nowMs, gate: createGate(gate), send });
// A fault of ours ends the thread, but never while DuckDB is at work; see the gate.
process.on('uncaughtException', (error) => {
  send({ type: 'died', reason: messageOf(error) });
  shutGate(gate);
  keeper.halt();
  setInterval(() => waitForGate(gate, 0) && process.exit(1), pollMs);
});
port.on('message', (message: ToStore) => keeper.receive(message));
await keeper.run();
port.close();
