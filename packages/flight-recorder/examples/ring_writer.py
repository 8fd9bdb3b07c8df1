"""Writes a ring file that Rankscope reads: one rank's flight recorder in plain Python, to be copied into any runtime.

`../FORMAT.md` says what the bytes mean. A record is one `pwrite`: when it returns, the kernel has the entry and keeps it
whatever becomes of this process. So record *before* the call that may never return. One thread; several need a lock.

    ring = RingWriter("/data/runners/rank-1.ring", "rank-1", rank=1, world_size=2)
    ring.now(1, "decode_stream", "all_sum", op="all_sum", ordinal=7)
    ring.record("decode_stream", "enter", "collective_enter", op="all_sum", ordinal=7, a=4096, cell=1)
    all_sum(x)
    ring.record("decode_stream", "exit", "collective_exit", op="all_sum", ordinal=7, a=4096, cell=1)
    ring.now(1)
"""
import os, struct, sys, time, uuid, zlib

PHASES = """created idle connect_group load_model warmup task_submission task_agreement prompt_build vision_preprocess
    kv_cache_lookup prefill_barrier prefill_pipeline prefill_stream decode_barrier decode_wait_first_token decode_stream
    parser cancel_requested cancel_observed completion error shutdown_cleanup""".split()  # codes 1, 2, 3 …
KINDS = {"enter": 1, "exit": 2, "mark": 3}
EVENTS = {"enter": 1, "exit": 2, "error": 3, "exception": 4, "progress": 6, "collective_enter": 7, "collective_exit": 8}
OPS = {"": 0, "all_sum": 1, "all_gather": 2, "send": 3, "recv": 4}
CLOCK = time.CLOCK_MONOTONIC_RAW if sys.platform == "darwin" else time.CLOCK_MONOTONIC
NONE, NO_ID = 2**64 - 1, uuid.UUID(int=0)

def now_ns():
    return time.clock_gettime_ns(CLOCK)

def cut(text, limit):  # never in the middle of a character
    return text[:limit].decode("utf-8", "ignore").encode()

class RingWriter:
    def __init__(self, path, runner_id, node_id="", instance_id="", model_id="", rank=0, world_size=1, attempt=1,
                 boot_id=NO_ID, rare=1024, main=65536, strings=256 * 1024):  # two powers of two, of slots; bytes
        self.rare, self.main, self.main_at = rare, main, 4096 + (rare + 1) * 128  # one slot for memory, never used
        self.strings, self.strings_at = strings, self.main_at + main * 128
        self.next, self.rare_next, self.used, self.lost, self.places = 0, 0, 64, 0, {}
        self.locks, self.ids, size = [0] * 16, (bytes(16), bytes(16)), self.strings_at + strings
        head = bytearray(4096)
        struct.pack_into("<8s8I6Q4I2Q", head, 0, b"RANKRING", 1, 0x01020304, 4096, 128, rare, main, 1, 0, 4096,
                         4096 + rare * 128, self.main_at, self.strings_at, strings, size, os.getpid(), attempt, rank,
                         world_size, now_ns(), time.time_ns())
        struct.pack_into("16s16x96s96s96s128s", head, 128, boot_id.bytes, runner_id.encode(), node_id.encode(),
                         instance_id.encode(), model_id.encode())
        self.fd = os.open(f"{path}.new", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
        for at in range(0, size, 2**20):  # zeros in every block, so that a full disk is an error now and not in an hour
            self.put(at, bytes(min(2**20, size - at)))
        self.put(self.strings_at, struct.pack("<2Q", self.used, self.lost))
        self.put(0, head)
        os.rename(f"{path}.new", path)  # it is whole from its first moment on

    def put(self, at, data):
        if os.pwrite(self.fd, data, at) != len(data):
            raise OSError(f"the ring file took only a part of {len(data)} bytes")

    def task(self, task_id=NO_ID, command_id=NO_ID):
        """Stamped on every later entry and cell; without arguments: none."""
        self.ids = (command_id.bytes, task_id.bytes)

    def record(self, phase, kind, event, detail="", rare=False, op="", ordinal=NONE, a=0, b=0, cell=0):
        seq, flags, text = 2 * self.next + 2, 4 if rare else 0, detail.encode("utf-8", "replace")
        if len(text) > 32:  # the slot has the beginning, marked as cut; the table has all of it, if there is room
            place = self.keep(text)
            flags |= 2 | 16 if place else 2
            text = cut(text, 27).ljust(28, b"\0") + struct.pack("<I", place) if place else cut(text, 32)
        slot = struct.pack("<5Q16s16s4B2Hh2Bi32sQ", seq, now_ns(), ordinal, a, b, *self.ids, PHASES.index(phase) + 1,
                           KINDS[kind], OPS[op], flags, EVENTS[event], 0, -1, cell, 0, -1, text, seq)
        self.put(self.main_at + self.next % self.main * 128, slot)
        self.next += 1
        if rare:  # once more, where traffic does not push it out
            self.put(4096 + self.rare_next % self.rare * 128, slot)
            self.rare_next += 1
        if self.next % 64 == 0:  # a reader looks that far ahead by itself
            self.heads()

    def keep(self, text):
        """Puts a long text into the string table, once, and gives its place; 0 when the table is full."""
        body = cut(text, 4096)
        record = struct.pack("<2I", len(body) | (body != text) << 31, zlib.crc32(body)) + body + bytes(-len(body) % 8)
        if record not in self.places and self.used + len(record) <= self.strings:
            self.put(self.strings_at + self.used, record)  # whole before any slot points to it
            self.places[record], self.used = self.used // 8, self.used + len(record)
        self.lost += body != text or record not in self.places
        self.put(self.strings_at, struct.pack("<2Q", self.used, self.lost))
        return self.places.get(record, 0)

    def now(self, cell, phase=None, site="", op="", ordinal=NONE):
        """What one is inside of from here on, or of nothing: cell 0 is the task loop, cell 1 the open collective."""
        self.locks[cell] += 2
        state = b"" if phase is None else struct.pack(
            "<3Q4BHhi4x16s16s32s", now_ns(), 0, ordinal, PHASES.index(phase) + 1, OPS[op], 0, 0, 0, -1, -1,
            *self.ids, cut(site.encode("utf-8", "replace"), 32))
        self.put(1024 + cell * 128, struct.pack("<Q", self.locks[cell]) + state.ljust(120, b"\0"))

    def beat(self):
        """The task loop still turns; several times a second."""
        self.put(776, struct.pack("<Q", now_ns()))

    def heads(self):
        self.put(576, struct.pack("<Q", self.next))
        self.put(640, struct.pack("<Q", self.rare_next))

    def close(self, exit_code=0):
        """Says that the end was wanted. A process that dies without has left all its entries, and no such word."""
        self.heads()
        self.put(784, struct.pack("<iI", exit_code, 1))
        os.close(self.fd)
