// printer against pipes that nobody reads, and a disk that is full.

#include "printer.hpp"

#include "sockets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace {

int passed = 0, failed = 0;

void expect(bool condition, const char* what) {
  (condition ? passed : failed)++;
  if (!condition) std::fprintf(stderr, "failed: %s\n", what);
}

struct channel {
  descriptor reader, writer;
};

channel open_pipe() {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  return {descriptor(ends[0]), descriptor(ends[1])};
}

// Reads up to and with the given end.
std::string read_until(const channel& from, const std::string& end) {
  std::string all;
  std::array<char, 4096> part;
  while (all.size() < end.size() || all.compare(all.size() - end.size(), end.size(), end) != 0) {
    const ssize_t count = read(from.reader.get(), part.data(), part.size());
    if (count <= 0) return all;
    all.append(part.data(), static_cast<std::size_t>(count));
  }
  return all;
}

std::string line(int number) { return "line " + std::to_string(number) + std::string(100, '.') + '\n'; }

void lines_come_in_order() {
  const channel pipe = open_pipe();
  printer out(pipe.writer.get(), "dropped: ");
  std::string want;
  for (int i = 0; i < 1000; i++) {
    want += line(i);
    out.print(line(i));
  }
  expect(read_until(pipe, line(999)) == want && out.dropped() == 0, "every line comes, in order");
}

// More than the pipe and the printer hold, and nobody reads: it is told how much is missing, and where.
void a_reader_that_stalls() {
  const channel pipe = open_pipe();
  printer out(pipe.writer.get(), "dropped: ");
  const int lines = 20000;
  int taken = 0;
  for (int i = 0; i < lines; i++)
    taken += out.print(line(i));
  const std::uint64_t dropped = out.dropped();
  expect(taken > 1000 && dropped == static_cast<std::uint64_t>(lines - taken), "what is dropped is counted");
  // Until there is room again, one more after the other.
  std::string all;
  std::array<char, 4096> part;
  while (!out.print("the end\n")) {
    const ssize_t count = read(pipe.reader.get(), part.data(), part.size());
    if (count <= 0) break;
    all.append(part.data(), static_cast<std::size_t>(count));
  }
  all += read_until(pipe, "the end\n");
  std::string want;
  for (int i = 0; i < taken; i++)
    want += line(i);
  want += "dropped: " + std::to_string(out.dropped()) + "\nthe end\n";
  expect(all == want, "what was taken comes whole, then the gap, then what came after it");
}

void one_text_may_be_long() {
  const channel pipe = open_pipe();
  printer out(pipe.writer.get(), "");
  const std::string status = std::string(4 * printer::limit, 'x') + '\n';
  expect(out.print(status), "a long text is taken when nothing waits");
  expect(!out.print("no\n"), "and none beside it");
  expect(read_until(pipe, "\n") == status, "it comes whole");
}

void ends_though_nobody_reads() {
  channel pipe = open_pipe();
  {
    printer out(pipe.writer.get(), "");
    out.print(std::string(printer::limit, 'x'));
  }
  expect(true, "the end does not wait for the reader");
  // The thread that waits is to have its end, too.
  pipe.reader = descriptor();
}

void a_descriptor_that_refuses() {
  channel pipe = open_pipe();
  pipe.reader = descriptor();
  {
    printer out(pipe.writer.get(), "");
    out.print("nobody is there\n");
  }
  expect(true, "a reader that is gone is not the end of the program");
  descriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  printer out(full.get(), "");
  for (int i = 0; i < 1000 && out.dropped() == 0; i++) {
    out.print("no room\n");
    usleep(10000);
  }
  expect(out.dropped() > 0, "a full disk is counted");
}

}  // namespace

int main() {
  // Whatever waits for ever is killed.
  alarm(60);
  lines_come_in_order();
  a_reader_that_stalls();
  one_text_may_be_long();
  ends_though_nobody_reads();
  a_descriptor_that_refuses();
  std::printf("printer: %d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
