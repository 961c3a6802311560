// Input files that are files: a pipe, a device or a directory is refused at once, without waiting
// for somebody to write into it and without reading for ever.
#pragma once
#include <cstddef>
#include <string>

namespace stampede {

// A descriptor for reading, which the caller closes. Throws std::runtime_error that says why the
// file cannot be read, without its name.
int open_regular(const std::string& path);

// The first bytes of a file, at most `most`. Throws as open_regular does.
std::string read_start(const std::string& path, std::size_t most);

// The same file, by whatever name, link or path.
bool same_file(const std::string& a, const std::string& b);

}  // namespace stampede
