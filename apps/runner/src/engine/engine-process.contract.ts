// A process that holds one engine and does as it is told over IPC; the contract suite starts one a rank.
import { Assignment, Fault, RunnerPhase, Sampling } from '@rankscope/schema';
import { z } from 'zod';
import { openEngine } from '../open-engine.ts';
import { isEngineFault, type RankEngine } from './engine.ts';

const Call = z.discriminatedUnion('call', [
  z.object({ call: z.literal('open'), assignment: Assignment }),
  z.object({ call: z.literal('joinGroup') }),
  z.object({ call: z.literal('load') }),
  z.object({ call: z.literal('warmup') }),
  z.object({ call: z.literal('gather'), phase: RunnerPhase, text: z.string() }),
  z.object({ call: z.literal('generate'), tokens: z.array(z.int()), maxTokens: z.int() }),
  z.object({ call: z.literal('cancel') }),
  z.object({ call: z.literal('abort'), reason: z.string() }),
  z.object({ call: z.literal('inject'), fault: Fault }),
  z.object({ call: z.literal('close') }),
]);
export type EngineCall = z.input<typeof Call>;
const Message = z.object({ id: z.int(), call: Call });

let engine: RankEngine | null = null;
let assignment: Assignment | null = null;

process.on('message', (raw) => {
  const { id, call } = Message.parse(raw);
  const answer = (result: object) => void process.send?.({ id, ...result });
  run(call, (token) => answer({ token })).then(
    (value) => answer({ value: value ?? null }),
    (error: unknown) =>
      answer({
        error:
          error instanceof Error
            ? { name: error.name, message: error.message }
            : { name: 'unknown', message: String(error) },
      }),
  );
});
process.on('disconnect', () => process.exit(0));

async function run(call: z.output<typeof Call>, onToken: (token: number) => void): Promise<unknown> {
  if (call.call === 'open') {
    assignment = call.assignment;
    engine = (await openEngine(assignment)).engine;
    return null;
  }
  if (engine === null || assignment === null) throw new Error('open comes first');
  switch (call.call) {
    case 'joinGroup':
      return engine.joinGroup();
    case 'load':
      return engine.load({ dir: assignment.modelDir, plan: assignment.plan }, () => undefined);
    case 'warmup':
      return engine.warmup();
    case 'gather':
      return (await engine.gather(call.phase, Buffer.from(call.text))).map((bytes) => Buffer.from(bytes).toString());
    case 'generate': {
      const { tokens, maxTokens } = call;
      return engine.generate({ tokens, maxTokens, sampling: Sampling.parse({}), eosTokenIds: [1] }, onToken);
    }
    case 'cancel':
      return engine.cancel();
    case 'abort':
      return engine.abort(call.reason);
    case 'inject':
      if (isEngineFault(call.fault)) engine.inject(call.fault);
      return null;
    case 'close':
      return engine.close();
  }
}
