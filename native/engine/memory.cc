#include "native/engine/memory.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>

#if defined(_WIN32)
#define NOMINMAX
#include <windows.h>
#else
#include <unistd.h>
#endif

namespace gemmfit {
namespace {

#if defined(__linux__)
// Of the system: memory that can be had without swapping, and the swap space that is free.
int64_t systemLeft() {
  std::ifstream file("/proc/meminfo");
  std::string key, unit;
  int64_t kibibytes = 0, left = 0;
  while (file >> key >> kibibytes) {
    if (key == "MemAvailable:" || key == "SwapFree:") left += kibibytes * 1024;
    std::getline(file, unit);
  }
  return left;
}

// Of the container, where there is one with a limit.
int64_t containerLimit() {
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream file(path);
    int64_t bytes = 0;
    if (file >> bytes && bytes > 0) return bytes;  // "max" is no number
  }
  return std::numeric_limits<int64_t>::max();
}
#endif

}  // namespace

int64_t memoryLeft() {
#if defined(_WIN32)
  MEMORYSTATUSEX status;
  status.dwLength = sizeof(status);
  if (GlobalMemoryStatusEx(&status)) return static_cast<int64_t>(status.ullAvailPageFile);
#elif defined(__linux__)
  const int64_t left = systemLeft();
  if (left > 0) return std::min(left, containerLimit());
#else
  const int64_t pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  if (pages > 0 && bytes > 0) return pages * bytes;
#endif
  return std::numeric_limits<int64_t>::max();
}

std::string gibibytes(int64_t bytes) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.2f GiB", static_cast<double>(bytes) / (1 << 30));
  return text;
}

}  // namespace gemmfit
