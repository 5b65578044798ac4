// The check sum, the frames, and what is not one.
#include <cstring>

#include "check.h"
#include "crc32.h"
#include "frame.h"
#include "robot.h"

using namespace havatar;

namespace {

size_t sound_bodies(const wire::Bytes& bytes, FrameDecoder& decoder) {
  size_t count = 0;
  for (const uint8_t byte : bytes) count += decoder.feed(byte) == FrameDecoder::Result::kBody ? 1U : 0U;
  return count;
}

wire::Bytes sample() { return wire::Body(Type::kStop, 1, 2).u8(3).frame(); }

}  // namespace

TEST(crc_has_the_check_value) {
  const char* text = "123456789";
  CHECK_EQ(crc32(reinterpret_cast<const uint8_t*>(text), 9), 0xCBF43926);
  CHECK_EQ(crc32(nullptr, 0), 0);
}

TEST(every_length_comes_back_with_zeros_anywhere) {
  for (size_t length = kMinBody; length <= kMaxBody; ++length) {
    for (size_t zero = 0; zero < length; ++zero) {
      wire::Bytes body(length, 0xA5);
      body[zero] = 0;
      body[length - 1 - zero / 2] = 0;
      const wire::Bytes frame = wire::framed(body);
      CHECK(frame.size() <= kMaxFrame);
      CHECK(std::memchr(frame.data(), 0, frame.size()) == &frame.back());
      FrameDecoder decoder;
      CHECK_EQ(sound_bodies(frame, decoder), 1);
      CHECK_EQ(decoder.length(), length);
      CHECK(std::memcmp(decoder.body(), body.data(), length) == 0);
    }
  }
}

TEST(bodies_of_impossible_length_are_not_written) {
  uint8_t frame[kMaxFrame];
  const uint8_t body[kMaxBody + 1] = {};
  CHECK_EQ(encode_frame(body, kMinBody - 1, frame), 0);
  CHECK_EQ(encode_frame(body, kMaxBody + 1, frame), 0);
}

TEST(the_longest_frame_with_more_behind_it_is_none) {
  wire::Bytes frame = wire::framed(wire::Bytes(kMaxBody, 0x22));
  CHECK_EQ(frame.size(), kMaxFrame);
  FrameDecoder decoder;
  CHECK_EQ(sound_bodies(frame, decoder), 1);
  frame.insert(frame.end() - 1, 0x33);
  CHECK_EQ(sound_bodies(frame, decoder), 0);
}

TEST(every_single_flipped_bit_is_noticed) {
  const wire::Bytes good = sample();
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    wire::Bytes bad = good;
    bad[bit / 8] = static_cast<uint8_t>(bad[bit / 8] ^ (1U << bit % 8));
    FrameDecoder decoder;
    CHECK_EQ(sound_bodies(bad, decoder), 0);
    // At most one frame after it is lost.
    CHECK(sound_bodies(good, decoder) + sound_bodies(good, decoder) >= 1);
    CHECK_EQ(sound_bodies(good, decoder), 1);
  }
}

TEST(a_frame_after_garbage_of_any_length_is_found_after_a_zero) {
  for (size_t length = 0; length < 300; ++length) {
    wire::Bytes bytes(length, 0x33);
    bytes.push_back(0);
    const wire::Bytes good = sample();
    bytes.insert(bytes.end(), good.begin(), good.end());
    FrameDecoder decoder;
    CHECK_EQ(sound_bodies(bytes, decoder), 1);
  }
}

TEST(damaged_frames_are_counted_and_empty_ones_are_not) {
  Robot robot;
  robot.bytes({0, 0, 0});
  CHECK_EQ(robot.look().bad_frames, 0);
  robot.bytes({1, 2, 0, 5, 0});
  CHECK_EQ(robot.look().bad_frames, 2);
  wire::Bytes flood;
  for (int i = 0; i < 70000; ++i) flood.insert(flood.end(), {7, 0});
  robot.bytes(flood);
  CHECK_EQ(robot.look().bad_frames, 65535);
}

TEST(bytes_may_come_one_by_one) {
  Robot robot;
  robot.tick();
  robot.hello();
  for (const uint8_t byte : robot.body(Type::kHead).u16(1234).u16(0).frame()) robot.bytes({byte});
  CHECK_EQ(robot.look().pan, 1234);
}
