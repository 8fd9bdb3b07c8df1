"""Two ranks of a runtime that knows nothing of Rankscope but names of attributes, on the stock OpenTelemetry SDK.
python3 foreign_runtime.py http://127.0.0.1:52500 [HANG]: rank 1 never arrives at barrier number HANG."""

import multiprocessing
import sys
import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


class AlsoWhileOpen(SpanProcessor):
    """Sends a span when it begins too: a phase that never ends would otherwise never be sent."""

    def __init__(self, batch):
        self.batch = batch

    def on_start(self, span, parent_context=None):
        self.batch.on_end(span)


def run(url, rank, world_size, barrier, hang_at):
    resource = Resource.create({
        "service.name": "foreign-runtime",
        "host.name": f"host-{rank}",
        "rankscope.rank": rank,
        "rankscope.world_size": world_size,
        "rankscope.model.id": "some-model",
    })
    provider = TracerProvider(resource=resource)
    batch = BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url}/v1/traces"), schedule_delay_millis=200)
    provider.add_span_processor(batch)
    provider.add_span_processor(AlsoWhileOpen(batch))
    phase = provider.get_tracer("foreign-runtime").start_as_current_span

    with phase("load_model"):
        time.sleep(0.1)
    with phase("POST /generate"):
        for number in range(1_000_000):
            with phase("decode_stream"):
                time.sleep(0.02)
                while rank == 1 and number == hang_at:
                    time.sleep(1)
            collective = {"rankscope.op": "all_sum", "rankscope.group": 0, "rankscope.barrier.seq": number}
            with phase("decode_barrier", attributes=collective):
                barrier.wait()


if __name__ == "__main__":
    spawn = multiprocessing.get_context("spawn")
    hang_at = int(sys.argv[2]) if len(sys.argv) > 2 else -1
    meeting = spawn.Barrier(2)
    ranks = [spawn.Process(target=run, args=(sys.argv[1], r, 2, meeting, hang_at), daemon=True) for r in range(2)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join()
