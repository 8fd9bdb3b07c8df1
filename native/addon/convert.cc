#include "convert.h"

#include <cstring>

namespace rankscope {
namespace {

Napi::Value bytes_or_null(Napi::Env env, uint64_t bytes) {
  return bytes == kNone ? env.Null() : Napi::Value(Napi::Number::New(env, static_cast<double>(bytes)));
}

template <class Array, class T>
Array copy_of(Napi::Env env, const std::vector<T>& items) {
  Array array = Array::New(env, items.size());
  if (!items.empty()) std::memcpy(array.Data(), items.data(), items.size() * sizeof(T));
  return array;
}

const char* name_of(FinishReason reason) {
  switch (reason) {
    case FinishReason::stop: return "stop";
    case FinishReason::length: return "length";
    case FinishReason::cancelled: return "cancelled";
  }
  return "length";
}

}  // namespace

Napi::Error to_js(Napi::Env env, const EngineError& error) {
  Napi::Error js = Napi::Error::New(env, error.what());
  js.Set("code", Napi::String::New(env, name_of(error.code)));
  return js;
}

Napi::Value to_js(Napi::Env env, const MemoryBytes& memory) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("active", bytes_or_null(env, memory.active));
  object.Set("cache", bytes_or_null(env, memory.cache));
  object.Set("peak", bytes_or_null(env, memory.peak));
  object.Set("wiredLimit", bytes_or_null(env, memory.wired_limit));
  return object;
}

Napi::Value to_js(Napi::Env env, const LoadedModel& model) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("architecture", model.config.architecture);
  object.Set("nLayers", model.config.layers);
  object.Set("startLayer", model.shard.first_layer);
  object.Set("endLayer", model.shard.end_layer);
  object.Set("vocabSize", model.config.vocab);
  object.Set("contextLength", model.context);
  Napi::Array eos = Napi::Array::New(env);
  for (size_t i = 0; i < model.config.eos_token_ids.size(); ++i)
    eos.Set(static_cast<uint32_t>(i), model.config.eos_token_ids[i]);
  object.Set("eosTokenIds", eos);
  object.Set("weightBytes", static_cast<double>(model.weight_bytes));
  return object;
}

Napi::Value to_js(Napi::Env env, const GenerateResult& result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("finishReason", name_of(result.finish_reason));
  object.Set("tokens", copy_of<Napi::Int32Array>(env, result.tokens));
  object.Set("promptTokens", result.prompt_tokens);
  object.Set("cachedTokens", result.cached_tokens);
  object.Set("prefillMs", result.prefill_ms);
  object.Set("decodeMs", result.decode_ms);
  object.Set("logits", result.logits.empty() ? env.Null() : Napi::Value(copy_of<Napi::Float32Array>(env, result.logits)));
  return object;
}

Napi::Value to_js(Napi::Env env, const std::vector<std::vector<uint8_t>>& ranks) {
  Napi::Array array = Napi::Array::New(env, ranks.size());
  for (size_t i = 0; i < ranks.size(); ++i) array.Set(static_cast<uint32_t>(i), copy_of<Napi::Uint8Array>(env, ranks[i]));
  return array;
}

Napi::Value to_js(Napi::Env env, const std::vector<LinkState>& links) {
  Napi::Array array = Napi::Array::New(env, links.size());
  for (size_t i = 0; i < links.size(); ++i) {
    const LinkState& link = links[i];
    Napi::Object object = Napi::Object::New(env);
    object.Set("fd", link.fd);
    object.Set("local", link.local);
    object.Set("remote", link.remote);
    object.Set("rttUs", static_cast<double>(link.rtt_us));
    object.Set("unsentBytes", static_cast<double>(link.unsent_bytes));
    object.Set("unreadBytes", static_cast<double>(link.unread_bytes));
    object.Set("lastReceiveMsAgo", static_cast<double>(link.last_receive_ms_ago));
    array.Set(static_cast<uint32_t>(i), object);
  }
  return array;
}

}  // namespace rankscope
