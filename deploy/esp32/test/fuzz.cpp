// libFuzzer's entry: bytes are a story, and a world in which something is wrong is a crash.
#include <cstdio>
#include <cstdlib>

#include "script.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  if (length < 4) return 0;
  World world(static_cast<uint32_t>(bytes[0]) << 24 | 0x00FFFF00);
  play(world, bytes + 1, length - 1);
  if (world.wrong() != nullptr) {
    std::fprintf(stderr, "wrong: %s\n", world.wrong());
    std::abort();
  }
  return 0;
}
