#include "recorder_binding.h"

#include <atomic>
#include <exception>
#include <iterator>
#include <string>
#include <string_view>

#include "recorder_call.h"
#include "recorder_options.h"

namespace rankscope {
namespace {

std::atomic<MemoryReader> memory_reader{nullptr};

MemoryBytes read_memory() {
  const MemoryReader reader = memory_reader.load();
  return reader != nullptr ? reader() : MemoryBytes{kNone, kNone, kNone, kNone, "none"};
}

const napi_type_tag kNativeRecorderTag = {0x72616e6b73636f70, 0x65207265636f7264};

using AttrsRoom = char[ring::strings::kMaxAttrsBytes + 5];

// The fourteen arguments that every kind of record without memory begins with.
bool read_entry(Call& call, Entry& entry) {
  return call.number(0, "phase", entry.phase) && call.number(1, "kind", entry.kind) &&
         call.number(2, "event", entry.event) && call.number(3, "cell", entry.cell) &&
         call.number(4, "flags", entry.flags) && call.number(5, "layer", entry.layer) && call.number(6, "op", entry.op) &&
         call.number(7, "dtype", entry.dtype) && call.number(8, "group", entry.group) &&
         call.number(9, "peer", entry.peer) && call.ordinal(10, "barrierSeq", entry.barrier_seq) &&
         call.number(11, "a", entry.a) && call.number(12, "b", entry.b) && call.text_or_null(13, "text", entry.text);
}

napi_value record(napi_env env, napi_callback_info info) {
  Call call(env, info, "record");
  Recorder* recorder = call.open();
  Entry entry;
  if (recorder != nullptr && read_entry(call, entry)) recorder->record(entry);
  return nullptr;
}

napi_value record_with_attrs(napi_env env, napi_callback_info info) {
  Call call(env, info, "recordWithAttrs");
  Recorder* recorder = call.open();
  Entry entry;
  AttrsRoom attrs;
  if (recorder != nullptr && read_entry(call, entry) && call.text_or_null(14, "attrs", entry.attrs, attrs)) {
    recorder->record(entry);
  }
  return nullptr;
}

napi_value record_with_memory(napi_env env, napi_callback_info info) {
  Call call(env, info, "recordWithMemory");
  Recorder* recorder = call.open();
  Entry entry;
  AttrsRoom attrs;
  if (recorder != nullptr && call.number(0, "phase", entry.phase) && call.number(1, "kind", entry.kind) &&
      call.number(2, "event", entry.event) && call.number(3, "cell", entry.cell) && call.number(4, "flags", entry.flags) &&
      call.number(5, "a", entry.a) && call.number(6, "b", entry.b) && call.text_or_null(7, "text", entry.text) &&
      call.text_or_null(8, "attrs", entry.attrs, attrs)) {
    const MemoryBytes memory = read_memory();
    entry.memory = &memory;
    recorder->record(entry);
  }
  return nullptr;
}

napi_value now(napi_env env, napi_callback_info info) {
  Call call(env, info, "now");
  Recorder* recorder = call.open();
  NowState state;
  int index = 0;
  if (recorder != nullptr && call.number(0, "cell", index) && call.number(1, "phase", state.phase) &&
      call.number(2, "op", state.op) && call.number(3, "group", state.group) && call.number(4, "layer", state.layer) &&
      call.number(5, "peer", state.peer) && call.ordinal(6, "ordinal", state.ordinal) &&
      call.bigint(7, "enteredAtNs", state.entered_at) && call.text_or_null(8, "site", state.site)) {
    if (index < 0 || index >= cell::count) {
      call.fail("cell must be a number from 0 to 15");
      return nullptr;
    }
    recorder->now(index, state);
  }
  return nullptr;
}

napi_value set_task(napi_env env, napi_callback_info info) {
  Call call(env, info, "setTask");
  Recorder* recorder = call.open();
  Uuid command{}, task{};
  if (recorder != nullptr && call.uuid_or_null(0, "command", command) && call.uuid_or_null(1, "task", task)) {
    recorder->set_task(command, task);
  }
  return nullptr;
}

napi_value memory(napi_env env, napi_callback_info info) {
  Call call(env, info, "memory");
  Recorder* recorder = call.open();
  MemoryBytes bytes;
  std::string_view source;
  if (recorder != nullptr && call.size_or_null(0, "active", bytes.active) && call.size_or_null(1, "cache", bytes.cache) &&
      call.size_or_null(2, "peak", bytes.peak) && call.size_or_null(3, "wiredLimit", bytes.wired_limit) &&
      call.text_or_null(4, "source", source)) {
    const bool given = source.data() != nullptr || bytes.active != kNone || bytes.cache != kNone ||
                       bytes.peak != kNone || bytes.wired_limit != kNone;
    if (source.data() != nullptr) bytes.source = source;
    recorder->memory(given ? bytes : read_memory());
  }
  return nullptr;
}

napi_value loop_beat(napi_env env, napi_callback_info info) {
  Call call(env, info, "loopBeat");
  if (Recorder* recorder = call.open(); recorder != nullptr) recorder->loop_beat();
  return nullptr;
}

napi_value close(napi_env env, napi_callback_info info) {
  Call call(env, info, "close");
  Recorder* recorder = call.open();
  int exit_code = 0;
  if (recorder == nullptr || !call.number(0, "exitCode", exit_code)) return nullptr;
  recorder->close(exit_code);
  call.owner()->reset();  // an engine that still runs holds the ring by its own pointer
  return nullptr;
}

napi_value open_recorder(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  void* constructor_ref = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, &constructor_ref);
  OptionsReader given(env, argument);
  RecorderOptions options;
  given.text("path", options.path);
  given.text("runnerId", options.runner_id);
  given.text("nodeId", options.node_id);
  given.text("instanceId", options.instance_id);
  given.text("modelId", options.model_id);
  given.uuid("bootId", options.boot_id);
  given.count("rank", options.rank);
  given.count("worldSize", options.world_size);
  given.count("attempt", options.attempt);
  given.count("rareCount", options.rare_count);
  given.count("memoryCount", options.memory_count);
  given.count("mainCount", options.main_count);
  given.count("stringsBytes", options.strings_bytes);
  if (!given.ok()) return nullptr;

  napi_value constructor = nullptr, object = nullptr;
  napi_get_reference_value(env, static_cast<napi_ref>(constructor_ref), &constructor);
  if (napi_new_instance(env, constructor, 0, nullptr, &object) != napi_ok) return nullptr;
  void* owner = nullptr;
  if (napi_unwrap(env, object, &owner) != napi_ok) return nullptr;
  try {
    *static_cast<std::shared_ptr<Recorder>*>(owner) = Recorder::open(options);
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
    return nullptr;
  }
  return object;
}

// JavaScript cannot name the class, so only openRecorder makes one that is open.
napi_value construct(napi_env env, napi_callback_info info) {
  napi_value self = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, &self, nullptr);
  auto* owner = new std::shared_ptr<Recorder>();
  const auto destroy = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Recorder>*>(data); };
  if (napi_wrap(env, self, owner, destroy, nullptr, nullptr) != napi_ok) {
    delete owner;
    return nullptr;
  }
  napi_type_tag_object(env, self, &kNativeRecorderTag);
  return self;
}

}  // namespace

void set_memory_reader(MemoryReader reader) noexcept { memory_reader.store(reader); }

void init_recorder_binding(Napi::Env env, Napi::Object exports) {
  const auto method = [](const char* name, napi_callback callback) {
    return napi_property_descriptor{name, nullptr, callback, nullptr, nullptr, nullptr, napi_default_method, nullptr};
  };
  const napi_property_descriptor methods[] = {
      method("record", record), method("recordWithAttrs", record_with_attrs),
      method("recordWithMemory", record_with_memory), method("now", now),
      method("setTask", set_task), method("memory", memory), method("loopBeat", loop_beat), method("close", close),
  };
  napi_value constructor = nullptr, open = nullptr;
  napi_ref reference = nullptr;
  napi_define_class(env, "NativeRecorder", NAPI_AUTO_LENGTH, construct, nullptr, std::size(methods), methods, &constructor);
  napi_create_reference(env, constructor, 1, &reference);  // kept as long as the environment
  napi_create_function(env, "openRecorder", NAPI_AUTO_LENGTH, open_recorder, reference, &open);
  napi_set_named_property(env, exports, "openRecorder", open);
}

std::shared_ptr<Recorder> recorder_of(Napi::Value value) {
  bool ours = false;
  if (!value.IsObject()) return nullptr;
  if (napi_check_object_type_tag(value.Env(), value, &kNativeRecorderTag, &ours) != napi_ok || !ours) return nullptr;
  void* owner = nullptr;
  if (napi_unwrap(value.Env(), value, &owner) != napi_ok) return nullptr;
  return *static_cast<std::shared_ptr<Recorder>*>(owner);
}

}  // namespace rankscope
