//===- Guard.cpp - Trying what may not end well ---------------------------===//

#include "Guard.h"
#include "Errors.h"
#include "llvm/ADT/StringRef.h"
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tpuc::python {

/// Seconds that a module takes to be read at most: a little, and more the
/// larger it is.
static unsigned mostSeconds(uint64_t bytes) { return 5 + (bytes >> 26); }

/// Bytes beside the file that a module may take.
static constexpr uint64_t kHeadroom = uint64_t(3) << 28;

static uint64_t addressSpace() {
  std::ifstream file("/proc/self/statm");
  uint64_t pages = 0;
  file >> pages;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

/// What the child does; it never comes back.
[[noreturn]] static void runChild(llvm::function_ref<void()> work,
                                  uint64_t extraBytes, int pipe) {
  for (int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTRAP, SIGINT})
    std::signal(signal, SIG_DFL);
  int nothing = open("/dev/null", O_RDWR);
  dup2(nothing, STDOUT_FILENO);
  dup2(nothing, STDERR_FILENO);
  rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  if (uint64_t used = addressSpace()) {
    uint64_t most = used + kHeadroom + 4 * extraBytes;
    rlimit memory = {most, most};
    setrlimit(RLIMIT_AS, &memory);
  }
  int code = 0;
  try {
    work();
  } catch (const std::exception &error) {
    llvm::StringRef text = error.what();
    code = 1;
    while (!text.empty()) {
      ssize_t written = ::write(pipe, text.data(), text.size());
      if (written <= 0)
        break;
      text = text.drop_front(written);
    }
  }
  _exit(code);
}

void tryInChild(llvm::function_ref<void()> work, uint64_t extraBytes,
                const std::string &what) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return;
  pid_t child = fork();
  if (child == 0)
    runChild(work, extraBytes, ends[1]);
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    return;
  }
  using Clock = std::chrono::steady_clock;
  auto end = Clock::now() + std::chrono::seconds(mostSeconds(extraBytes));
  std::string text;
  bool isLate = false;
  for (;;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - Clock::now());
    pollfd wait = {ends[0], POLLIN, 0};
    int ready = poll(&wait, 1, std::max<int>(0, left.count()));
    if (ready < 0 && errno == EINTR)
      continue;
    if ((isLate = ready <= 0))
      break;
    char buffer[4096];
    ssize_t count = ::read(ends[0], buffer, sizeof(buffer));
    if (count <= 0)
      break;
    text.append(buffer, count);
  }
  close(ends[0]);
  if (isLate)
    kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  if (isLate)
    throw UserError(what + ": takes too long");
  if (WIFSIGNALED(status))
    throw UserError(what + ": " + strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0)
    throw UserError(text.empty() ? what + ": fails" : text);
}

} // namespace tpuc::python
