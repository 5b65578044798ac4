#include "vectors.h"

#include <cstdlib>
#include <fstream>

namespace {

std::string trimmed(const std::string& text) {
  const size_t from = text.find_first_not_of(' ');
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(' ') - from + 1);
}

}  // namespace

std::vector<Line> read_vectors(const std::string& file) {
  const char* folder = std::getenv("HAVATAR_VECTORS");
  std::ifstream in(std::string(folder != nullptr ? folder : "../../tests/vectors") + "/" + file);
  std::vector<Line> lines;
  for (std::string text; std::getline(in, text);) {
    if (text.empty() || text[0] == '#') continue;
    Line line;
    size_t from = 0;
    for (size_t bar = text.find('|'); bar != std::string::npos; bar = text.find('|', from)) {
      line.columns.push_back(trimmed(text.substr(from, bar - from)));
      from = bar + 1;
    }
    line.columns.push_back(trimmed(text.substr(from)));
    lines.push_back(line);
  }
  return lines;
}

wire::Bytes from_hex(const std::string& text) {
  wire::Bytes bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::strtoul(text.substr(i, 2).c_str(), nullptr, 16)));
  }
  return bytes;
}

std::map<std::string, std::string> read_fields(const std::string& text) {
  std::map<std::string, std::string> fields;
  size_t from = 0;
  while (from < text.size()) {
    const size_t equals = text.find('=', from);
    if (equals == std::string::npos) break;
    const std::string name = text.substr(from, equals - from);
    const size_t end = name == "name" ? text.size() : std::min(text.find(' ', equals), text.size());
    fields[name] = text.substr(equals + 1, end - equals - 1);
    from = end + 1;
  }
  return fields;
}
