#include <windows.h>

#include "dynamic-library.h"
#include "errors.h"

namespace foretoken {

static std::string lastError() {
    char text[512] = {};
    FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr,
                   GetLastError(), 0, text, sizeof(text) - 1, nullptr);
    return text;
}

DynamicLibrary::DynamicLibrary(const std::filesystem::path& file)
    // The DLL's own directory is searched for the DLLs that it needs, and not the current one.
    : handle_(LoadLibraryExW(file.c_str(), nullptr,
                             LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS)),
      name_(file.filename().u8string()) {
    if (handle_ == nullptr) {
        throw NativeFailure(ErrorCode::LibraryUnreadable,
                            name_ + " cannot be opened: " + lastError());
    }
}

void* DynamicLibrary::symbol(const char* name) const {
    void* address = reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(handle_), name));
    if (address == nullptr) {
        throw NativeFailure(ErrorCode::LibraryUnreadable, name_ + " has no function " + name + ".");
    }
    return address;
}

std::optional<std::filesystem::path> loadedLibrary(const std::string& fileName) {
    const std::wstring name = pathFromUtf8(fileName).wstring();
    HMODULE module = nullptr;
    if (!GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, name.c_str(), &module)) {
        return std::nullopt;
    }
    std::wstring path(32768, L'\0');
    path.resize(GetModuleFileNameW(module, path.data(), static_cast<DWORD>(path.size())));
    return std::filesystem::path(path);
}

const char* librarySuffix() {
    return ".dll";
}

std::filesystem::path pathFromUtf8(const std::string& text) {
    return std::filesystem::u8path(text);
}

}  // namespace foretoken
