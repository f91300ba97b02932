// ts::inspector against packets made by hand.

#include "ts.hpp"

#include <changeover.hpp>

#include <cstdio>
#include <vector>

namespace {

int passed = 0, failed = 0;

void expect(bool condition, const char* what) {
  (condition ? passed : failed)++;
  if (!condition) std::fprintf(stderr, "failed: %s\n", what);
}

struct packet {
  unsigned pid = 256, counter = 0;
  bool starts_unit = false, payload = true, damaged = false, adaptation = false;
  std::uint8_t adaptation_flags = 0;
  std::uint8_t stream_id = 0xe0;

  void append_to(std::vector<std::uint8_t>& datagram) const {
    std::vector<std::uint8_t> bytes(ts::packet_size, 0);
    bytes[0] = 0x47;
    bytes[1] = static_cast<std::uint8_t>((damaged ? 0x80 : 0) | (starts_unit ? 0x40 : 0) | pid >> 8);
    bytes[2] = static_cast<std::uint8_t>(pid & 0xff);
    bytes[3] = static_cast<std::uint8_t>((adaptation ? 0x20 : 0) | (payload ? 0x10 : 0) | (counter & 15));
    std::size_t at = 4;
    if (adaptation) {
      bytes[4] = 1;
      bytes[5] = adaptation_flags;
      at = 6;
    }
    bytes[at + 2] = 1;
    bytes[at + 3] = stream_id;
    datagram.insert(datagram.end(), bytes.begin(), bytes.end());
  }
};

ts::findings inspect(ts::inspector& inspector, const std::vector<packet>& packets) {
  std::vector<std::uint8_t> datagram;
  for (const packet& p : packets)
    p.append_to(datagram);
  return inspector.inspect(datagram.data(), datagram.size());
}

packet numbered(unsigned counter, unsigned pid = 256) {
  packet p;
  p.counter = counter;
  p.pid = pid;
  return p;
}

void numbering() {
  ts::inspector inspector;
  expect(inspect(inspector, {numbered(14), numbered(15), numbered(0)}).missing == 0, "counters wrap");
  expect(inspect(inspector, {numbered(0)}).missing == 0, "a duplicate is no loss");
  expect(inspect(inspector, {numbered(1), numbered(9, 257)}).missing == 0, "PIDs count by themselves");
  expect(inspect(inspector, {numbered(4)}).missing == 2, "a gap between datagrams");
  expect(inspect(inspector, {numbered(4), numbered(7), numbered(10, 257)}).missing == 2, "a gap within one");
  packet announced = numbered(0);
  announced.adaptation = true;
  announced.adaptation_flags = 0x80;
  expect(inspect(inspector, {announced, numbered(1)}).missing == 0, "an announced discontinuity");
  packet empty = numbered(1);
  empty.payload = false;
  empty.adaptation = true;
  expect(inspect(inspector, {empty, numbered(2)}).missing == 0, "a packet without payload");
  packet damaged = numbered(9);
  damaged.damaged = true;
  expect(inspect(inspector, {damaged, numbered(3)}).missing == 0, "a damaged packet");
  expect(inspect(inspector, {numbered(3, 0x1fff), numbered(9, 0x1fff)}).missing == 0, "null packets");
}

void frames() {
  using namespace changeover;
  ts::inspector inspector;
  packet start = numbered(0);
  start.starts_unit = true;
  expect(inspect(inspector, {start}).flags == flags::video, "a video frame");
  start.adaptation = true;
  start.adaptation_flags = 0x40;
  expect(inspect(inspector, {start}).flags == (flags::video | flags::key), "a key frame");
  start.stream_id = 0xc0;
  expect(inspect(inspector, {start}).flags == flags::none, "audio is neither");
  start.stream_id = 0xe0;
  start.starts_unit = false;
  expect(inspect(inspector, {start}).flags == flags::none, "the middle of a frame");
}

void garbage() {
  ts::inspector inspector;
  std::vector<std::uint8_t> bytes(ts::packet_size * 2, 0x47);
  expect(!inspector.inspect(bytes.data(), 0).valid, "nothing");
  expect(!inspector.inspect(bytes.data(), 187).valid, "half a packet");
  // The adaptation field claims 0x47 bytes, and is believed only as far as the packet goes.
  expect(inspector.inspect(bytes.data(), bytes.size()).valid, "odd, but MPEG-TS");
  std::vector<std::uint8_t> full(ts::packet_size, 0xff);
  full[0] = 0x47;
  full[1] = 0x41;
  expect(inspector.inspect(full.data(), full.size()).flags == 0,
         "an adaptation field longer than the packet");
  bytes[ts::packet_size] = 0;
  expect(!inspector.inspect(bytes.data(), bytes.size()).valid, "no sync byte");
}

}  // namespace

int main() {
  numbering();
  frames();
  garbage();
  std::printf("ts: %d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
