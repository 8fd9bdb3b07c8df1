import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { openChannel } from './channel.ts';

const assignment = {
  protocol: 1,
  runnerId: 'r',
  nodeId: 'n',
  instanceId: 'i',
  modelId: 'm',
  modelDir: 'simulated',
  engine: 'simulated',
  rank: 0,
  worldSize: 1,
  attempt: 1,
  plan: 'single',
  hosts: ['127.0.0.1:1'],
  ringPath: '/tmp/x',
  bootId: '01a2040e-0000-7000-8000-000000000001',
  deadlines: {},
  injectAllowed: false,
};

function setUp() {
  const sent: unknown[] = [];
  const ipc = Object.assign(new EventEmitter(), {
    send: (message: unknown, callback: (error: Error | null) => void) => {
      sent.push(message);
      setTimeout(() => callback(null), 5);
      return true;
    },
  });
  return { ipc, sent, channel: openChannel(ipc) };
}

test('an assignment that came before it was asked for counts, and so does what followed it', async () => {
  const { ipc, channel } = setUp();
  ipc.emit('message', { type: 'assign', assignment });
  ipc.emit('message', { type: 'shutdown' });
  expect((await channel.assignment(1_000)).deadlines.connectMs).toBe(60_000);
  const heard: unknown[] = [];
  const faults: string[] = [];
  channel.listen(
    (message) => heard.push(message.type),
    (why) => faults.push(why),
  );
  ipc.emit('message', { type: 'nonsense' });
  expect(heard).toEqual(['shutdown']);
  expect(faults).toHaveLength(1);
});

test.each([
  [{ rank: 3 }, /assignment\.rank: 3/],
  [{ hosts: ['a:1', 'b:2'] }, /assignment\.hosts: 2/],
  [{ worldSize: 2, hosts: ['a:1', 'b:2'] }, /assignment\.plan: single/],
  [{ plan: 'magic' }, /assignment\.plan/],
  [{ bootId: 'x', attempt: 0 }, /assignment\.attempt.*assignment\.bootId|assignment\.bootId.*assignment\.attempt/],
])('%j is refused by the name of its field', async (wrong, message) => {
  const { ipc, channel } = setUp();
  const waiting = channel.assignment(1_000);
  ipc.emit('message', { type: 'assign', assignment: { ...assignment, ...wrong } });
  await expect(waiting).rejects.toThrow(message);
});

test('an assignment that does not come is an error with the time that was waited', async () => {
  await expect(setUp().channel.assignment(20)).rejects.toThrow(/20 ms/);
});

test('flush waits until all has been handed over', async () => {
  const { channel, sent } = setUp();
  await channel.flush();
  channel.send({ type: 'failed', taskId: null, class: 'internal', message: 'x' });
  await channel.flush();
  expect(sent).toHaveLength(1);
});
