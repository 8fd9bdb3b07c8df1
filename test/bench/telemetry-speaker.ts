// A rank that works through four phases and hangs in the fifth, as native code does: without giving its event loop another
// turn. `sdk` speaks for itself through OpenTelemetry's SDK, `ring` writes slots. `time` says what a phase costs it.
import { setTimeout as pause } from 'node:timers/promises';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { defaultRingSizes } from '@rankscope/flight-recorder';
import {
  collectiveOps,
  elementTypes,
  flightEvents,
  flightKinds,
  phaseFacts,
  runnerPhases,
  slotFlags,
} from '@rankscope/schema';
import { createNativeFlightWriter, loadBinding } from '../../native/lib/index.ts';

const [how = '', url = '', ring = '', what = ''] = process.argv.slice(2);
const timed = 20_000;
const identity = { runnerId: 'r', nodeId: 'n', instanceId: 'i', modelId: 'm', rank: 0, worldSize: 1, attempt: 1 };

const begin = how === 'sdk' ? speakThroughSdk() : writeSlots();
if (what === 'time') {
  // At a rank's pace, so that what the SDK does in its own time falls into the time of somebody too.
  const before = process.cpuUsage();
  for (let i = 0; i < timed; i += 1) {
    begin('decode_stream')();
    if (i % 100 === 0) await pause(1);
  }
  const { user, system } = process.cpuUsage(before);
  const idle = await costOfPauses();
  process.send?.((user + system - idle) / timed);
} else {
  for (const phase of ['prompt_build', 'prefill_stream', 'decode_stream', 'decode_barrier'] as const) {
    const end = begin(phase);
    await pause(20);
    end();
  }
  begin('decode_stream');
  process.send?.('hung', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
}

/** Microseconds of CPU of the same loop without a phase. */
async function costOfPauses(): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < timed; i += 1) if (i % 100 === 0) await pause(1);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

type Phase = 'prompt_build' | 'prefill_stream' | 'decode_stream' | 'decode_barrier';

function speakThroughSdk(): (phase: Phase) => () => void {
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  const tracer = provider.getTracer('rank');
  return (phase) => {
    const span = tracer.startSpan(phase, { attributes: { 'rankscope.phase': phase, 'rankscope.rank': 0 } });
    return () => span.end();
  };
}

/** Through the native core, as a real rank does. */
function writeSlots(): (phase: Phase) => () => void {
  const bootId = '00000000-0000-4000-8000-000000000001';
  const recorder = loadBinding().openRecorder({ path: ring, ...identity, bootId, ...defaultRingSizes });
  const phases = Object.fromEntries(runnerPhases.map((phase) => [phase, phaseFacts[phase].code]));
  const { rare: rareFlag, pointToPoint: pointToPointFlag } = slotFlags;
  const codes = { phases, kinds: flightKinds, events: flightEvents, ops: collectiveOps, dtypes: elementTypes };
  const writer = createNativeFlightWriter(recorder, ring, { ...codes, rareFlag, pointToPointFlag });
  return (phase) => {
    writer.record({ phase, kind: 'enter', event: 'enter' });
    return () => writer.record({ phase, kind: 'exit', event: 'exit' });
  };
}
