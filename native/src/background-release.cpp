#include "background-release.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace foretoken {

namespace {

/// One thread, started with the first object and joined when the environment ends.
class Releaser {
  public:
    void add(std::shared_ptr<void> object) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (ended_) return;  // `object` goes out of scope here, on this thread
        queue_.push_back(std::move(object));
        if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
        wake_.notify_one();
    }

    void end() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            ended_ = true;
            wake_.notify_one();
        }
        if (thread_.joinable()) thread_.join();
    }

  private:
    void work() {
        for (;;) {
            std::vector<std::shared_ptr<void>> batch;
            {
                std::unique_lock<std::mutex> lock(mutex_);
                wake_.wait(lock, [this] { return ended_ || !queue_.empty(); });
                if (queue_.empty()) return;
                batch.swap(queue_);
            }
            batch.clear();  // frees, without the lock
        }
    }

    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<std::shared_ptr<void>> queue_;
    std::thread thread_;
    bool ended_ = false;
};

Releaser& releaser() {
    static auto* instance = new Releaser();
    return *instance;
}

}  // namespace

void releaseInBackground(std::shared_ptr<void> object) {
    if (object) releaser().add(std::move(object));
}

void prepareBackgroundRelease(Napi::Env env) {
    env.AddCleanupHook([] { releaser().end(); });
}

}  // namespace foretoken
