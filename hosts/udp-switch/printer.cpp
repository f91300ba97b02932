#include "printer.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>
#include <utility>

// Belongs to the printer and its thread, whichever lives longer: a write may never return.
struct printer::shared {
  const int fd;
  const std::string gap;

  std::mutex mutex;
  std::condition_variable changed;
  std::string waiting;
  // Bytes that the thread has taken and not written yet.
  std::size_t in_hand = 0;
  std::uint64_t dropped = 0;
  // Of those, the ones that no gap tells of yet.
  std::uint64_t untold = 0;
  bool ending = false;

  shared(int fd, std::string gap) : fd(fd), gap(std::move(gap)) {}
};

namespace {

// False if the descriptor refuses.
bool write_text(int fd, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = write(fd, text.data() + at, text.size() - at);
    if (written >= 0) {
      at += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {
      // Somebody who shares it has made it non-blocking.
      pollfd ready{fd, POLLOUT, 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

printer::printer(int fd, std::string gap) : shared_(std::make_shared<shared>(fd, std::move(gap))) {
  // The thread takes no signal, and a reader that is gone is an error and not the end (SIGPIPE).
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(write_all, shared_);
  pthread_setname_np(thread.native_handle(), "printer");
  thread.detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

printer::~printer() {
  std::unique_lock lock(shared_->mutex);
  shared_->ending = true;
  shared_->changed.notify_all();
  shared_->changed.wait_for(lock, std::chrono::seconds(1),
                            [this] { return shared_->waiting.empty() && shared_->in_hand == 0; });
}

bool printer::print(std::string text) {
  std::lock_guard lock(shared_->mutex);
  if (shared_->waiting.size() + shared_->in_hand >= limit) {
    shared_->dropped++;
    shared_->untold++;
    return false;
  }
  if (shared_->untold > 0 && !shared_->gap.empty())
    shared_->waiting += shared_->gap + std::to_string(shared_->untold) + '\n';
  shared_->untold = 0;
  shared_->waiting += text;
  shared_->changed.notify_all();
  return true;
}

std::uint64_t printer::dropped() const {
  std::lock_guard lock(shared_->mutex);
  return shared_->dropped;
}

void printer::write_all(const std::shared_ptr<shared>& shared) {
  std::unique_lock lock(shared->mutex);
  for (;;) {
    shared->changed.wait(lock, [&] { return !shared->waiting.empty() || shared->ending; });
    if (shared->waiting.empty()) return;
    const std::string text = std::exchange(shared->waiting, {});
    shared->in_hand = text.size();
    lock.unlock();
    const bool written = write_text(shared->fd, text);
    lock.lock();
    shared->in_hand = 0;
    if (!written) shared->dropped++;
    shared->changed.notify_all();
  }
}
