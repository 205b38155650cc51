// The llama.cpp libraries of the process: opened once, checked, never closed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "api.h"

namespace foretoken {

struct Device {
    std::string name;
    std::string description;
    const char* type;
    size_t memoryTotal;  // bytes, 0 = unknown
    size_t memoryFree;
};

struct LibraryInfo {
    std::string directory;
    std::string llamaVersion;
    std::string ggmlCommit;
    std::vector<Device> devices;
};

/// Opens the libraries in `directory`; the second call with the same directory only reports.
/// Throws library-unreadable and library-mismatch. Thread-safe.
LibraryInfo openLibraries(const std::string& directory);

/// The opened libraries; throws invalid-argument before openLibraries has succeeded.
const Api& api();

}  // namespace foretoken
