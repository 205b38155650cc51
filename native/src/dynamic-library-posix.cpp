#include <dlfcn.h>
#if defined(__APPLE__)
#include <mach-o/dyld.h>
#else
#include <link.h>
#endif

#include "dynamic-library.h"
#include "errors.h"

namespace foretoken {

DynamicLibrary::DynamicLibrary(const std::filesystem::path& file)
    // RTLD_LOCAL: other addons of the process must not bind to these symbols by accident.
    : handle_(dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)), name_(file.filename().string()) {
    if (handle_ == nullptr) {
        const char* reason = dlerror();
        throw NativeFailure(
            ErrorCode::LibraryUnreadable,
            name_ + " cannot be opened: " + (reason != nullptr ? reason : "unknown reason"));
    }
}

void* DynamicLibrary::symbol(const char* name) const {
    void* address = dlsym(handle_, name);
    if (address == nullptr) {
        throw NativeFailure(ErrorCode::LibraryUnreadable, name_ + " has no function " + name + ".");
    }
    return address;
}

#if defined(__APPLE__)

std::optional<std::filesystem::path> loadedLibrary(const std::string& fileName) {
    for (uint32_t image = 0; image < _dyld_image_count(); ++image) {
        const char* name = _dyld_get_image_name(image);
        if (name == nullptr) continue;
        const std::filesystem::path path(name);
        if (path.filename() == fileName) return path;
    }
    return std::nullopt;
}

const char* librarySuffix() {
    return ".dylib";
}

#else

std::optional<std::filesystem::path> loadedLibrary(const std::string& fileName) {
    struct Search {
        const std::string& fileName;
        std::optional<std::filesystem::path> found;
    } search{fileName, std::nullopt};
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* data) {
            auto& wanted = *static_cast<Search*>(data);
            const std::filesystem::path path(info->dlpi_name);
            if (path.filename() != wanted.fileName) return 0;
            wanted.found = path;
            return 1;
        },
        &search);
    return search.found;
}

const char* librarySuffix() {
    return ".so";
}

#endif

std::filesystem::path pathFromUtf8(const std::string& text) {
    return std::filesystem::path(text);
}

}  // namespace foretoken
