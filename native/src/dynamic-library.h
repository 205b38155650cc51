// Shared libraries opened at run time: all that differs between the platforms.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace foretoken {

/// Never closed: backends register themselves process-wide, and closing would leave dangling
/// pointers behind.
class DynamicLibrary {
  public:
    /// Throws library-unreadable with the loader's own reason.
    explicit DynamicLibrary(const std::filesystem::path& file);

    /// Throws library-unreadable when the library has no such symbol.
    void* symbol(const char* name) const;

  private:
    void* handle_;
    std::string name_;
};

/// Where a library with this file name is loaded in the process already, whoever loaded it.
std::optional<std::filesystem::path> loadedLibrary(const std::string& fileName);

/// ".so", ".dylib" or ".dll".
const char* librarySuffix();

std::filesystem::path pathFromUtf8(const std::string& text);

}  // namespace foretoken
