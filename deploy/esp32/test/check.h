// A test harness for programs without exceptions: a test goes on after a failed check, and counts once.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace check {

struct Test {
  const char* name;
  void (*run)();
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}
inline bool& failed() {
  static bool now = false;
  return now;
}
// What the checks that follow are about, for the rows of a table.
inline std::string& about() {
  static std::string what;
  return what;
}

struct Registered {
  Registered(const char* name, void (*run)()) { tests().push_back({name, run}); }
};

inline void fail(const char* file, int line, const std::string& what) {
  failed() = true;
  std::printf("%s:%d: %s%s%s\n", file, line, about().c_str(), about().empty() ? "" : ": ", what.c_str());
}

inline unsigned long from_env(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoul(text, nullptr, 10) : otherwise;
}

}  // namespace check

#define TEST(name)                                          \
  static void name();                                       \
  static const check::Registered registered_##name(#name, name); \
  static void name()
#define CHECK(condition) ((condition) ? void() : check::fail(__FILE__, __LINE__, #condition))
#define CHECK_EQ(got, wanted)                                                                       \
  do {                                                                                              \
    const auto got_ = static_cast<long long>(got);                                                  \
    const auto wanted_ = static_cast<long long>(wanted);                                            \
    if (got_ != wanted_)                                                                            \
      check::fail(__FILE__, __LINE__, #got " is " + std::to_string(got_) + ", not " + std::to_string(wanted_)); \
  } while (false)
