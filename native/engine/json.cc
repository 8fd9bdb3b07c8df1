#include "json.h"

#include <charconv>
#include <stdexcept>

namespace rankscope {
namespace {

constexpr int kMaxDepth = 64;  // model files are flat; a deeper one is damaged or hostile

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Json document() {
    Json value = this->value(0);
    skip_space();
    if (at_ != text_.size()) fail("the end");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    const std::string found = at_ < text_.size() ? "'" + std::string(1, text_[at_]) + "'" : "the end of the file";
    throw std::runtime_error("expected " + expected + " at byte " + std::to_string(at_) + ", found " + found);
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) at_ += 1;
  }

  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    at_ += 1;
    return true;
  }

  void expect(char c) {
    if (!take(c)) fail("'" + std::string(1, c) + "'");
  }

  bool take_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Json value(int depth) {
    if (depth > kMaxDepth) fail("fewer levels of nesting");
    skip_space();
    if (at_ >= text_.size()) fail("a value");
    switch (text_[at_]) {
      case '{': return Json(object(depth));
      case '[': return Json(array(depth));
      case '"': return Json(string());
      default: return word_or_number();
    }
  }

  Json word_or_number() {
    if (take_word("true")) return Json(true);
    if (take_word("false")) return Json(false);
    if (take_word("null")) return Json();
    // Python writes these three into config.json; nothing we read depends on them.
    if (take_word("NaN") || take_word("Infinity") || take_word("-Infinity")) return Json();
    double number = 0;
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), number);
    if (error != std::errc()) fail("a value");
    at_ += static_cast<size_t>(end - first);
    return Json(number);
  }

  Json::Object object(int depth) {
    Json::Object members;
    expect('{');
    if (take('}')) return members;
    do {
      skip_space();
      std::string key = string();
      expect(':');
      members.insert_or_assign(std::move(key), value(depth + 1));
    } while (take(','));
    expect('}');
    return members;
  }

  Json::Array array(int depth) {
    Json::Array items;
    expect('[');
    if (take(']')) return items;
    do items.push_back(value(depth + 1));
    while (take(','));
    expect(']');
    return items;
  }

  std::string string() {
    if (at_ >= text_.size() || text_[at_] != '"') fail("'\"'");
    at_ += 1;
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') escape(out);
      else out += text_[at_++];
    }
    if (at_ >= text_.size()) fail("'\"'");
    at_ += 1;
    return out;
  }

  void escape(std::string& out) {
    at_ += 1;
    if (at_ >= text_.size()) fail("an escape");
    static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    const char c = text_[at_];
    if (const size_t i = kFrom.find(c); i != std::string_view::npos) {
      out += kTo[i];
      at_ += 1;
      return;
    }
    if (c != 'u') fail("an escape");
    at_ += 1;
    append_utf8(out, code_point());
  }

  uint32_t code_point() {
    const uint32_t high = hex4();
    if (high < 0xd800 || high > 0xdbff || !take_word("\\u")) return high;
    return 0x10000 + ((high - 0xd800) << 10) + (hex4() - 0xdc00);
  }

  uint32_t hex4() {
    uint32_t code = 0;
    const char* first = text_.data() + at_;
    if (at_ + 4 > text_.size() || std::from_chars(first, first + 4, code, 16).ptr != first + 4) fail("four hex digits");
    at_ += 4;
    return code;
  }

  static void append_utf8(std::string& out, uint32_t c) {
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xc0 | (c >> 6)), tail(0);
    } else if (c < 0x10000) {
      out += static_cast<char>(0xe0 | (c >> 12)), tail(6), tail(0);
    } else {
      out += static_cast<char>(0xf0 | ((c >> 18) & 7)), tail(12), tail(6), tail(0);
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Json Json::parse(std::string_view text) { return Reader(text).document(); }

const Json* Json::find(std::string_view key) const {
  const Object* members = object();
  if (!members) return nullptr;
  const auto found = members->find(key);
  return found == members->end() || found->second.is_null() ? nullptr : &found->second;
}

}  // namespace rankscope
