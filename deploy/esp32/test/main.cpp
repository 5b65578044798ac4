#include "check.h"

int main() {
  int passed = 0;
  int failed = 0;
  for (const check::Test& test : check::tests()) {
    check::failed() = false;
    check::about().clear();
    test.run();
    ++(check::failed() ? failed : passed);
    if (check::failed()) std::printf("FAILED %s\n", test.name);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
