#include "engine_binding.h"

#include <variant>

#include <mlx/memory.h>

#include "arguments.h"
#include "convert.h"
#include "recorder_binding.h"

namespace rankscope {
namespace {

constexpr int64_t kMostRanks = 65535, kMostTokens = 1 << 24, kMostMs = int64_t{1} << 40;

EngineOptions read_options(const Fields& fields) {
  EngineOptions options;
  options.world = static_cast<int>(fields.integer("worldSize", 1, kMostRanks));
  options.rank = static_cast<int>(fields.integer("rank", 0, options.world - 1));
  const bool ring = fields.choice("backend", {"none", "ring"}) == 1;
  options.hosts = fields.texts("hosts");
  const size_t wanted = ring ? options.world : 0;
  if (ring != (options.world > 1))
    fields.refuse("backend", options.world > 1 ? "\"ring\" for several ranks" : "\"none\" for one rank", fields.any("backend"));
  if (options.hosts.size() != wanted)
    fields.refuse("hosts", "an array of " + std::to_string(wanted) + " host:port, one per rank", fields.any("hosts"));
  options.inject_allowed = fields.flag("injectAllowed");
  options.connect_ms = static_cast<uint64_t>(fields.integer("connectMs", 1, kMostMs));
  options.collective_ms = static_cast<uint64_t>(fields.integer("collectiveMs", 1, kMostMs));
  options.exit_on_collective_deadline = static_cast<int>(fields.integer("exitOnCollectiveDeadline", 1, 255));
  options.exit_on_connect_deadline = static_cast<int>(fields.integer("exitOnConnectDeadline", 1, 255));
  return options;
}

LoadRequest read_load(const Fields& fields) {
  LoadRequest request;
  request.dir = fields.text("dir");
  request.plan = static_cast<Plan>(fields.choice("plan", {"single", "pipeline", "tensor"}));
  request.max_context = static_cast<int>(fields.integer_or_null("maxContext", 2, kMostTokens).value_or(0));
  return request;
}

GenerateRequest read_generate(const Fields& fields) {
  GenerateRequest request;
  request.tokens = fields.int32s("tokens");
  request.max_tokens = static_cast<int>(fields.integer("maxTokens", 1, kMostTokens));
  request.sampling.temperature = static_cast<float>(fields.real("temperature", 0, 100));
  request.sampling.top_p = static_cast<float>(fields.real("topP", 0, 1));
  request.sampling.top_k = static_cast<int>(fields.integer("topK", 0, kMostTokens));
  request.sampling.min_p = static_cast<float>(fields.real("minP", 0, 1));
  request.sampling.repetition_penalty = static_cast<float>(fields.real("repetitionPenalty", 0.01, 100));
  request.sampling.seed = static_cast<uint32_t>(fields.integer("seed", 0, 0xffff'ffff));
  request.prefill_chunk = static_cast<int>(fields.integer("prefillChunk", 1, kMostTokens));
  request.eos_token_ids = fields.int32s("eosTokenIds");
  request.want_logits = fields.flag("wantLogits");
  return request;
}

const auto kNothing = [](Napi::Env env, const std::monostate&) { return env.Undefined(); };
const auto kAsIs = [](Napi::Env env, const auto& value) { return to_js(env, value); };

// Calls a function of JavaScript's from the engine's thread, by letter.
using Callback = std::shared_ptr<Napi::FunctionReference>;

Callback keep(const Napi::Function& function) {
  return std::make_shared<Napi::FunctionReference>(Napi::Persistent(function));
}

bool engine_made = false;  // JavaScript's thread only

}  // namespace

Napi::Function EngineBinding::define(Napi::Env env) {
  return DefineClass(env, "Engine", {
      InstanceMethod("joinGroup", &EngineBinding::join_group),
      InstanceMethod("load", &EngineBinding::load),
      InstanceMethod("warmup", &EngineBinding::warmup),
      InstanceMethod("gather", &EngineBinding::gather),
      InstanceMethod("generate", &EngineBinding::generate),
      InstanceMethod("cancel", &EngineBinding::cancel),
      InstanceMethod("abort", &EngineBinding::abort),
      InstanceMethod("inject", &EngineBinding::inject),
      InstanceMethod("links", &EngineBinding::links),
      InstanceMethod("dropCaches", &EngineBinding::drop_caches),
      InstanceMethod("close", &EngineBinding::close),
  });
}

EngineBinding::EngineBinding(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const Fields fields("Engine", info[0]);
  const Napi::Value recorder = fields.any("recorder");
  std::shared_ptr<Recorder> ring = recorder_of(recorder);
  if (!ring) fields.refuse("recorder", "an open recorder from openRecorder", recorder);
  EngineOptions options = read_options(fields);
  if (engine_made) throw Napi::Error::New(info.Env(), "Engine: this process has one already; a process has one engine.");
  try {
    engine_ = new Engine(std::move(options), std::move(ring));
  } catch (const std::exception& e) {
    throw Napi::Error::New(info.Env(), std::string("Engine: ") + e.what());
  }
  engine_made = true;
  mailbox_ = new Mailbox(info.Env());
  recorder_ = Napi::Persistent(recorder.As<Napi::Object>());
}

template <class Work, class Convert>
Napi::Value EngineBinding::promise(const char* call, const Napi::CallbackInfo& info, Work work, Convert convert) {
  const auto deferred = std::make_shared<Napi::Promise::Deferred>(info.Env());
  const Napi::Value result = deferred->Promise();
  // The object must not be collected while its promise is open.
  const auto self = std::make_shared<Napi::ObjectReference>(Napi::Persistent(info.This().As<Napi::Object>()));
  Engine* engine = engine_;
  Mailbox* mailbox = mailbox_;
  const auto deliver = [=](auto letter) {
    engine->done();
    mailbox->post([=](Napi::Env env) {
      letter(env);
      mailbox->expect_nothing(env);
      self->Reset();
    });
  };
  try {
    engine->submit(call, [=] {
      try {
        auto value = std::make_shared<std::invoke_result_t<Work>>(work());
        deliver([=](Napi::Env env) { deferred->Resolve(convert(env, *value)); });
      } catch (const EngineError& error) {
        deliver([=](Napi::Env env) { deferred->Reject(to_js(env, error).Value()); });
      } catch (const std::exception& error) {
        const EngineError internal(ErrorCode::internal, error.what());
        deliver([=](Napi::Env env) { deferred->Reject(to_js(env, internal).Value()); });
      }
    });
    mailbox->expect(info.Env());
  } catch (const EngineError& error) {
    deferred->Reject(to_js(info.Env(), error).Value());
  }
  return result;
}

void EngineBinding::need_open(const Napi::CallbackInfo& info, const char* call) const {
  if (closed_) throw to_js(info.Env(), EngineError(ErrorCode::closed, std::string(call) + ": the engine is closed."));
}

Napi::Value EngineBinding::join_group(const Napi::CallbackInfo& info) {
  Engine* engine = engine_;
  const auto convert = [engine](Napi::Env env, const std::monostate&) {
    Napi::Object joined = Napi::Object::New(env);
    joined.Set("rank", engine->rank());
    joined.Set("worldSize", engine->world());
    return joined;
  };
  return promise("joinGroup", info, [engine] { return engine->join_group(), std::monostate{}; }, convert);
}

Napi::Value EngineBinding::load(const Napi::CallbackInfo& info) {
  const LoadRequest request = read_load(Fields("load", info[0]));
  const Callback on_layer = keep(Positional("load", info).function(1, "onLayer"));
  Engine* engine = engine_;
  Mailbox* mailbox = mailbox_;
  const auto tell = [=](int done, int total) {
    mailbox->post([=](Napi::Env env) {
      on_layer->Call({Napi::Number::New(env, done), Napi::Number::New(env, total)});
    });
  };
  return promise("load", info, [=] { return engine->load(request, tell); }, kAsIs);
}

Napi::Value EngineBinding::warmup(const Napi::CallbackInfo& info) {
  Engine* engine = engine_;
  return promise("warmup", info, [engine] { return engine->warmup(), std::monostate{}; }, kNothing);
}

Napi::Value EngineBinding::gather(const Napi::CallbackInfo& info) {
  const Positional arguments("gather", info);
  const auto phase = static_cast<Phase>(arguments.integer(0, "phase", 1, 22));
  const std::vector<uint8_t> bytes = arguments.bytes(1, "bytes");
  Engine* engine = engine_;
  return promise("gather", info, [=] { return engine->gather(phase, bytes); }, kAsIs);
}

Napi::Value EngineBinding::generate(const Napi::CallbackInfo& info) {
  const GenerateRequest request = read_generate(Fields("generate", info[0]));
  const Callback on_token = keep(Positional("generate", info).function(1, "onToken"));
  Engine* engine = engine_;
  Mailbox* mailbox = mailbox_;
  const auto tell = [=](int32_t token, int index) {
    mailbox->post([=](Napi::Env env) {
      on_token->Call({Napi::Number::New(env, token), Napi::Number::New(env, index)});
    });
  };
  engine->allow();
  return promise("generate", info, [=] { return engine->generate(request, tell); }, kAsIs);
}

void EngineBinding::cancel(const Napi::CallbackInfo& info) {
  need_open(info, "cancel");
  engine_->cancel();
}

void EngineBinding::abort(const Napi::CallbackInfo& info) {
  const std::string reason = Positional("abort", info).text(0, "reason");
  need_open(info, "abort");
  engine_->abort(reason);
}

void EngineBinding::inject(const Napi::CallbackInfo& info) {
  const Positional arguments("inject", info);
  const int64_t kind = arguments.integer(0, "kind", 0, 3);
  Fault fault;
  fault.phase = static_cast<Phase>(arguments.integer(1, "phase", 0, 22));
  fault.after = static_cast<uint64_t>(arguments.integer(2, "after", 0, 1'000'000));
  fault.delay_ms = static_cast<uint64_t>(arguments.integer(3, "delayMs", 0, kMostMs));
  need_open(info, "inject");
  if (kind == 0) return engine_->release_fault();
  fault.kind = static_cast<Fault::Kind>(kind);
  try {
    engine_->inject(fault);
  } catch (const EngineError& error) {
    throw to_js(info.Env(), error);
  }
}

Napi::Value EngineBinding::links(const Napi::CallbackInfo& info) {
  need_open(info, "links");
  return to_js(info.Env(), engine_->links());
}

Napi::Value EngineBinding::drop_caches(const Napi::CallbackInfo& info) {
  Engine* engine = engine_;
  // Not here: on this thread it would wait for the engine's stream, and take away the error that the engine must see.
  try {
    if (!rules().caches_wait_for_their_turn) mlx::core::clear_cache();
  } catch (const std::exception& e) {
    throw Napi::Error::New(info.Env(), e.what());
  }
  return promise("dropCaches", info, [engine] { return engine->drop_caches(), std::monostate{}; }, kNothing);
}

Napi::Value EngineBinding::close(const Napi::CallbackInfo& info) {
  Engine* engine = engine_;
  return promise("close", info, [engine] { return engine->shut(), std::monostate{}; },
                 [this](Napi::Env env, const std::monostate&) {
                   closed_ = true;
                   return env.Undefined();
                 });
}

}  // namespace rankscope
