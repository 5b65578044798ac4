// Reads tests/vectors: lines of columns between bars.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "wire.h"

struct Line {
  std::vector<std::string> columns;
};

// The lines of a file of HAVATAR_VECTORS that are not remarks. No lines when it cannot be read.
std::vector<Line> read_vectors(const std::string& file);
wire::Bytes from_hex(const std::string& text);
// `name=value name=value`; `name`, the only text, runs to the end.
std::map<std::string, std::string> read_fields(const std::string& text);
