#include "capi.h"

#include <new>  // placement only: the caller brings the memory

#include "core.h"

struct hv_core {
  havatar::Core core;
};

// What a board sets aside for it. Grows only on purpose.
static_assert(sizeof(hv_core) <= 2048, "the core has grown beyond what it says it needs");
static_assert(alignof(hv_core) <= alignof(uint64_t), "hv_init asks for memory aligned for uint64_t");

extern "C" {

size_t hv_size(void) { return sizeof(hv_core); }

hv_core* hv_init(void* memory, const hv_build* build, uint32_t boot, uint16_t latch, uint8_t latched,
                 uint32_t (*random)(void* context), void* context, const char* name, uint32_t now_ms) {
  const havatar::Build complete = havatar::complete(*build);
  const havatar::Estop estop(latch, latched != 0);
  const havatar::Keeper keeper = latched <= 1 ? havatar::Keeper(estop) : havatar::Keeper();
  const havatar::Session session(random, context, boot);
  return new (memory) hv_core{havatar::Core(complete, boot, estop, keeper, session, name, now_ms)};
}

void hv_receive(hv_core* core, const uint8_t* bytes, size_t length, uint32_t now_ms) {
  core->core.receive(bytes, length, now_ms);
}

void hv_tick(hv_core* core, const hv_inputs* inputs, uint32_t now_ms, hv_outputs* outputs) {
  core->core.tick(*inputs, now_ms, *outputs);
}

void hv_kept(hv_core* core, uint16_t latch, uint8_t latched, uint8_t done) {
  core->core.kept(latch, latched != 0, done == 1);
}

size_t hv_transmit(hv_core* core, uint8_t* bytes, size_t room) { return core->core.transmit(bytes, room); }

}  // extern "C"
