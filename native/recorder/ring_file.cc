#include "ring_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>

#include "ring_layout.h"

namespace rankscope {
namespace {

using namespace ring;

#if defined(__APPLE__)
constexpr clockid_t kMonotonic = CLOCK_MONOTONIC_RAW;

int allocate(int fd, uint64_t bytes) {
  fstore_t store{F_ALLOCATEALL, F_PEOFPOSMODE, 0, static_cast<off_t>(bytes), 0};
  if (fcntl(fd, F_PREALLOCATE, &store) == -1) return errno;
  return ftruncate(fd, static_cast<off_t>(bytes)) == 0 ? 0 : errno;
}
#else
constexpr clockid_t kMonotonic = CLOCK_MONOTONIC;

int allocate(int fd, uint64_t bytes) { return posix_fallocate(fd, 0, static_cast<off_t>(bytes)); }
#endif

uint64_t clock_ns(clockid_t clock) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

void check_count(const char* name, uint32_t count) {
  if (std::has_single_bit(count) && count <= kMaxCount) return;
  throw std::runtime_error(std::string("recorder: ") + name + " must be a power of two of at most 16777216, not " +
                           std::to_string(count));
}

void check_strings(uint32_t bytes) {
  if (bytes == 0 || (bytes % strings::kUnit == 0 && bytes >= strings::kMinBytes && bytes <= strings::kMaxBytes)) return;
  throw std::runtime_error("recorder: stringsBytes must be 0 or a multiple of 8 from 128 to 67108864, not " +
                           std::to_string(bytes));
}

void check_id(const char* name, const std::string& id, Span field) {
  if (id.size() <= field.bytes && id.find('\0') == std::string::npos) return;
  throw std::runtime_error(std::string("recorder: ") + name + " must be at most " + std::to_string(field.bytes) +
                           " bytes without NUL; ids are compared whole, so it is not cut");
}

// A file under its final path is always whole, so it is made beside it and renamed.
class NewFile {
 public:
  explicit NewFile(const std::string& path)
      : path_(path), temporary_(path + "." + std::to_string(getpid()) + ".new") {
    fd_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd_ < 0) fail("cannot be created", errno);
  }
  ~NewFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!kept_) unlink(temporary_.c_str());
  }
  int fd() const { return fd_; }
  void keep() {
    if (rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot be put in place", errno);
    kept_ = true;
  }
  [[noreturn]] void fail(const char* what, int error) const {
    throw std::runtime_error("recorder: ring file " + path_ + " " + what + ": " + std::strerror(error));
  }

 private:
  std::string path_, temporary_;
  int fd_ = -1;
  bool kept_ = false;
};

}  // namespace

uint64_t monotonic_ns() noexcept { return clock_ns(kMonotonic); }

RingFile::RingFile(const RecorderOptions& options) {
  check_count("rareCount", options.rare_count);
  check_count("memoryCount", options.memory_count);
  check_count("mainCount", options.main_count);
  check_strings(options.strings_bytes);
  check_id("runnerId", options.runner_id, header::kRunnerId);
  check_id("nodeId", options.node_id, header::kNodeId);
  check_id("instanceId", options.instance_id, header::kInstanceId);
  check_id("modelId", options.model_id, header::kModelId);

  rare_offset_ = kHeaderBytes;
  memory_offset_ = rare_offset_ + uint64_t{options.rare_count} * kSlotBytes;
  main_offset_ = memory_offset_ + uint64_t{options.memory_count} * kSlotBytes;
  const uint64_t slots_end = main_offset_ + uint64_t{options.main_count} * kSlotBytes;
  strings_offset_ = options.strings_bytes == 0 ? 0 : slots_end;
  bytes_ = slots_end + options.strings_bytes;

  NewFile file(options.path);
  if (const int error = allocate(file.fd(), bytes_); error != 0) {
    file.fail(("of " + std::to_string(bytes_) + " bytes cannot be allocated").c_str(), error);
  }
  void* mapped = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd(), 0);
  if (mapped == MAP_FAILED) file.fail("cannot be mapped", errno);
  base_ = static_cast<unsigned char*>(mapped);
  write_header(options);
  try {
    file.keep();
  } catch (...) {
    munmap(base_, bytes_);
    throw;
  }
}

RingFile::~RingFile() { munmap(base_, bytes_); }

void RingFile::write_header(const RecorderOptions& options) noexcept {
  const auto u32 = [this](uint32_t offset, uint32_t value) { std::memcpy(base_ + offset, &value, sizeof value); };
  const auto u64 = [this](uint32_t offset, uint64_t value) { std::memcpy(base_ + offset, &value, sizeof value); };
  const auto text = [this](Span field, const std::string& id) { std::memcpy(base_ + field.offset, id.data(), id.size()); };
  std::memcpy(base_ + header::kMagicAt, kMagic, 8);
  u32(header::kVersionAt, kVersion);
  u32(header::kByteOrderAt, kByteOrderMark);
  u32(header::kHeaderBytesAt, kHeaderBytes);
  u32(header::kSlotBytesAt, kSlotBytes);
  u32(header::kRareCountAt, options.rare_count);
  u32(header::kMainCountAt, options.main_count);
  u32(header::kMemoryCountAt, options.memory_count);
  u64(header::kRareOffsetAt, rare_offset_);
  u64(header::kMemoryOffsetAt, memory_offset_);
  u64(header::kMainOffsetAt, main_offset_);
  u64(header::kStringsOffsetAt, strings_offset_);
  u64(header::kStringsBytesAt, options.strings_bytes);
  u64(header::kFileBytesAt, bytes_);
  u32(header::kPidAt, static_cast<uint32_t>(getpid()));
  u32(header::kAttemptAt, options.attempt);
  u32(header::kRankAt, options.rank);
  u32(header::kWorldSizeAt, options.world_size);
  u64(header::kAnchorMonoAt, monotonic_ns());
  u64(header::kAnchorWallAt, clock_ns(CLOCK_REALTIME));
  std::memcpy(base_ + header::kBootId.offset, options.boot_id.data(), options.boot_id.size());
  text(header::kRunnerId, options.runner_id);
  text(header::kNodeId, options.node_id);
  text(header::kInstanceId, options.instance_id);
  text(header::kModelId, options.model_id);
}

}  // namespace rankscope
