// Random stories. HAVATAR_SEED tells another one, HAVATAR_ROUNDS a longer one.
#include <string>
#include <vector>

#include "check.h"
#include "script.h"

namespace {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}
  uint8_t byte() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<uint8_t>(state_ >> 56);
  }

 private:
  uint64_t state_;
};

}  // namespace

TEST(no_story_moves_a_wheel_that_should_stand) {
  const unsigned long seed = check::from_env("HAVATAR_SEED", 1);
  const unsigned long rounds = check::from_env("HAVATAR_ROUNDS", 100000);
  constexpr unsigned long kBytesARound = 5;  // about what one frame or tick takes
  constexpr unsigned long kStory = 5000;
  uint64_t moved = 0;
  uint64_t believed = 0;
  for (unsigned long told = 0; told < rounds; told += kStory) {
    Random random(seed + told);
    std::vector<uint8_t> story(kStory * kBytesARound);
    for (uint8_t& byte : story) byte = random.byte();
    World world(0xFFFFFFFF - 10000);
    play(world, story.data(), story.size());
    check::about() = "seed " + std::to_string(seed + told);
    CHECK(world.wrong() == nullptr);
    if (world.wrong() != nullptr) std::printf("%s\n", world.wrong());
    moved += world.moved();
    believed += world.believed();
  }
  std::printf("%lu rounds from seed %lu: %llu set-points believed, %llu ticks in motion\n", rounds, seed,
              static_cast<unsigned long long>(believed), static_cast<unsigned long long>(moved));
  // A story in which nobody drives shows nothing.
  CHECK(believed * 100 >= rounds);
  CHECK(moved * 20 >= rounds);
}
