#include "recorder_binding.h"

#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iterator>
#include <string>

#include "ring_layout.h"

namespace rankscope {
namespace {

std::atomic<MemoryReader> memory_reader{nullptr};

MemoryBytes read_memory() {
  const MemoryReader reader = memory_reader.load();
  return reader != nullptr ? reader() : MemoryBytes{kNone, kNone, kNone, kNone, "none"};
}

const napi_type_tag kNativeRecorderTag = {0x72616e6b73636f70, 0x65207265636f7264};

const char* name_of(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  switch (type) {
    case napi_undefined: return "missing";
    case napi_null: return "null";
    case napi_boolean: return "a boolean";
    case napi_number: return "a number";
    case napi_string: return "a string";
    case napi_bigint: return "a bigint";
    case napi_function: return "a function";
    default: return "an object";
  }
}

// The arguments of one call. Plain N-API and no objects: this is the path of every entry that JavaScript records. The
// first argument that is wrong throws; the caller then returns without recording.
class Call {
 public:
  Call(napi_env env, napi_callback_info info, const char* method) : env_(env), method_(method) {
    size_t count = arguments_.size();
    napi_value self = nullptr;
    napi_get_cb_info(env, info, &count, arguments_.data(), &self, nullptr);
    // V8 lets nobody call a method of this class on another object, so the wrapped pointer is ours.
    void* data = nullptr;
    napi_unwrap(env, self, &data);
    owner_ = static_cast<std::shared_ptr<Recorder>*>(data);
  }

  // Null after close, and then an error is thrown.
  Recorder* open() {
    if (owner_ != nullptr && *owner_ != nullptr) return owner_->get();
    fail("the recorder is closed");
    return nullptr;
  }
  std::shared_ptr<Recorder>* owner() { return owner_; }

  void fail(const char* message) {
    char sentence[200];
    std::snprintf(sentence, sizeof sentence, "NativeRecorder.%s: %s.", method_, message);
    napi_throw_type_error(env_, nullptr, sentence);
  }

  template <typename T>
  bool number(size_t i, const char* name, T& into) {
    int64_t value = 0;
    if (napi_get_value_int64(env_, arguments_[i], &value) != napi_ok) return wrong(i, name, "a number");
    into = static_cast<T>(value);
    return true;
  }

  // −1, or any other negative number, is none.
  bool ordinal(size_t i, const char* name, uint64_t& into) {
    int64_t value = 0;
    if (!number(i, name, value)) return false;
    into = value < 0 ? kNone : static_cast<uint64_t>(value);
    return true;
  }

  // Null is none.
  bool size_or_null(size_t i, const char* name, uint64_t& into) {
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, arguments_[i], &type);
    into = kNone;
    if (type == napi_null) return true;
    return type == napi_number ? ordinal(i, name, into) : wrong(i, name, "a number or null");
  }

  bool text_or_null(size_t i, const char* name, std::string_view& into) {
    size_t length = 0;
    // Room for one character more than is kept, so that what is longer is seen to be so.
    if (napi_get_value_string_utf8(env_, arguments_[i], text_, sizeof text_, &length) == napi_ok) {
      into = std::string_view(text_, length);
      return true;
    }
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, arguments_[i], &type);
    return type == napi_null ? true : wrong(i, name, "a string or null");
  }

  bool bigint(size_t i, const char* name, uint64_t& into) {
    bool lossless = true;
    if (napi_get_value_bigint_uint64(env_, arguments_[i], &into, &lossless) != napi_ok) return wrong(i, name, "a bigint");
    return true;
  }

  bool uuid_or_null(size_t i, const char* name, Uuid& into) {
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, arguments_[i], &type);
    if (type == napi_null) return true;
    bool typed = false;
    napi_is_typedarray(env_, arguments_[i], &typed);
    if (!typed) return wrong(i, name, "a Uint8Array of 16 bytes or null");
    napi_typedarray_type kind = napi_int8_array;
    size_t length = 0;
    void* bytes = nullptr;
    napi_get_typedarray_info(env_, arguments_[i], &kind, &length, &bytes, nullptr, nullptr);
    if (kind != napi_uint8_array || length != into.size()) return wrong(i, name, "a Uint8Array of 16 bytes or null");
    std::memcpy(into.data(), bytes, into.size());
    return true;
  }

 private:
  bool wrong(size_t i, const char* name, const char* wanted) {
    char message[160];
    std::snprintf(message, sizeof message, "%s must be %s; it is %s", name, wanted, name_of(env_, arguments_[i]));
    fail(message);
    return false;
  }
  napi_env env_;
  const char* method_;
  std::array<napi_value, 14> arguments_{};  // as many as record takes; what is not given is undefined
  std::shared_ptr<Recorder>* owner_ = nullptr;
  char text_[ring::slot::kTextBytes + 5];
};

napi_value record(napi_env env, napi_callback_info info) {
  Call call(env, info, "record");
  Recorder* recorder = call.open();
  Entry entry;
  if (recorder != nullptr && call.number(0, "phase", entry.phase) && call.number(1, "kind", entry.kind) &&
      call.number(2, "event", entry.event) && call.number(3, "cell", entry.cell) && call.number(4, "flags", entry.flags) &&
      call.number(5, "layer", entry.layer) && call.number(6, "op", entry.op) && call.number(7, "dtype", entry.dtype) &&
      call.number(8, "group", entry.group) && call.number(9, "peer", entry.peer) &&
      call.ordinal(10, "barrierSeq", entry.barrier_seq) && call.number(11, "a", entry.a) && call.number(12, "b", entry.b) &&
      call.text_or_null(13, "text", entry.text)) {
    recorder->record(entry);
  }
  return nullptr;
}

napi_value record_with_memory(napi_env env, napi_callback_info info) {
  Call call(env, info, "recordWithMemory");
  Recorder* recorder = call.open();
  Entry entry;
  if (recorder != nullptr && call.number(0, "phase", entry.phase) && call.number(1, "kind", entry.kind) &&
      call.number(2, "event", entry.event) && call.number(3, "cell", entry.cell) && call.number(4, "flags", entry.flags) &&
      call.number(5, "a", entry.a) && call.number(6, "b", entry.b) && call.text_or_null(7, "text", entry.text)) {
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

// `openRecorder`'s options, one field at a time; the first that is wrong throws and the rest is not looked at.
class Options {
 public:
  Options(napi_env env, napi_value object) : env_(env), object_(object) {
    napi_valuetype type = napi_undefined;
    napi_typeof(env, object, &type);
    if (type != napi_object) fail("options", "an object", object);
  }
  bool ok() const { return ok_; }

  void text(const char* name, std::string& into) {
    napi_value value = get(name);
    size_t length = 0;
    if (!ok_) return;
    if (napi_get_value_string_utf8(env_, value, nullptr, 0, &length) != napi_ok) return fail(name, "a string", value);
    into.resize(length);
    napi_get_value_string_utf8(env_, value, into.data(), length + 1, &length);
  }

  void count(const char* name, uint32_t& into) {
    napi_value value = get(name);
    double number = 0;
    if (!ok_) return;
    if (napi_get_value_double(env_, value, &number) != napi_ok) return fail(name, "a number", value);
    if (!(number >= 0 && number <= 4294967295.0) || number != std::floor(number)) {
      return fail_with(name, "must be a whole number of 32 bits, not negative");
    }
    into = static_cast<uint32_t>(number);
  }

  void uuid(const char* name, Uuid& into) {
    std::string digits;
    text(name, digits);
    if (!ok_) return;
    std::erase(digits, '-');
    if (digits.size() != 32 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
      return fail_with(name, "must be a UUID");
    }
    for (size_t i = 0; i < into.size(); ++i) {
      into[i] = static_cast<uint8_t>(std::stoul(digits.substr(2 * i, 2), nullptr, 16));
    }
  }

 private:
  napi_value get(const char* name) {
    napi_value value = nullptr;
    if (ok_ && napi_get_named_property(env_, object_, name, &value) != napi_ok) ok_ = false;  // a getter threw
    return value;
  }
  void fail(const char* name, const char* wanted, napi_value value) {
    fail_with(name, (std::string("must be ") + wanted + "; it is " + name_of(env_, value)).c_str());
  }
  void fail_with(const char* name, const char* message) {
    if (ok_) napi_throw_type_error(env_, nullptr, ("openRecorder: " + std::string(name) + " " + message + ".").c_str());
    ok_ = false;
  }

  napi_env env_;
  napi_value object_;
  bool ok_ = true;
};

napi_value open_recorder(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  void* constructor_ref = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, &constructor_ref);
  Options given(env, argument);
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
      method("record", record), method("recordWithMemory", record_with_memory), method("now", now),
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
