// A receiver of OTLP in a process of its own, for benches: tells its address to its parent, and what it has when asked.
import { openOtlpSink } from '../support/otlp-sink.ts';

const sink = await openOtlpSink();
process.send?.(sink.url);
process.on('message', () => process.send?.(sink.spans.map(({ name }) => name)));
process.on('disconnect', () => process.exit());
