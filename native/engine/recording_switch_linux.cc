// Switches recording off and on inside one run, so that a bench can compare neighbours: a machine drifts more between
// two runs than recording costs. Only the test variant of the addon links this file, and there the linker sends every
// call of Recorder::record and Recorder::now through it (`--wrap`); the production addon has nothing of it.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "../recorder/recorder.h"

namespace {

using rankscope::Entry;
using rankscope::NowState;
using rankscope::Recorder;

// One byte of the file named by RANKSCOPE_NATIVE_TEST_RECORDING, mapped so that whoever has the file switches all ranks
// at once, and none of them makes a system call for it. '0' switches recording off.
const volatile char* open_switch() {
  static const char always = '1';
  const char* path = std::getenv("RANKSCOPE_NATIVE_TEST_RECORDING");
  const int file = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return &always;
  void* byte = mmap(nullptr, 1, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return byte == MAP_FAILED ? &always : static_cast<const volatile char*>(byte);
}

const volatile char* const recording = open_switch();

}  // namespace

// The names are those of the Itanium C++ ABI, as the linker sees them.
extern "C" {

uint64_t __real__ZN9rankscope8Recorder6recordERKNS_5EntryE(Recorder*, const Entry&);
void __real__ZN9rankscope8Recorder3nowEiRKNS_8NowStateE(Recorder*, int, const NowState&);

uint64_t __wrap__ZN9rankscope8Recorder6recordERKNS_5EntryE(Recorder* recorder, const Entry& entry) {
  return *recording == '0' ? 0 : __real__ZN9rankscope8Recorder6recordERKNS_5EntryE(recorder, entry);
}

void __wrap__ZN9rankscope8Recorder3nowEiRKNS_8NowStateE(Recorder* recorder, int cell, const NowState& state) {
  if (*recording != '0') __real__ZN9rankscope8Recorder3nowEiRKNS_8NowStateE(recorder, cell, state);
}

}  // extern "C"
