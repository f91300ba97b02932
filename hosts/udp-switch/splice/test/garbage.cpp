#include "rig.hpp"
#include "tried.hpp"

#include <bitstream/mpeg/psi.h>

#include <algorithm>

namespace ts::test {

namespace {

// Reads all of what comes out, so that a sanitizer sees what was never written.
class reader : public sink {
 public:
  void pass(std::uint8_t* data, std::size_t size) override { take(data, size); }
  void add(const std::uint8_t* packet) override { take(packet, packet_size); }
  // Nothing but whole packets.
  bool whole = true;
  std::uint64_t packets = 0, sum = 0;
  ticks now = 0;
  checker output;

 private:
  void take(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size % packet_size != 0) whole = false;
    packets += size / packet_size;
    for (std::size_t i = 0; i < size; i++) {
      if (i % packet_size == 0 && data[i] != 0x47) whole = false;
      sum += data[i];
    }
    if (gentle) output.take(data, size, now);
  }

 public:
  bool gentle = false;
};

// A section of a table that says anything, with a right checksum; it fits a packet.
bytes any_table(dice& d) {
  bytes section(static_cast<std::size_t>(16 + d.below(160)));
  for (std::uint8_t& each : section)
    each = d.byte();
  section[0] = d.one_in(2) ? 2 : 0;
  section[1] = 0xb0;
  section[2] = static_cast<std::uint8_t>(section.size() - 3);
  section[5] |= 1;
  section[6] = section[7] = 0;
  if (section[0] == 2) {
    section[3] = 0;
    section[4] = 1;
    section[10] = 0xf0;
    section[11] = 0;
  }
  psi_set_crc(section.data());
  return section;
}

// What a datagram becomes.
void spoil(bytes& data, dice& d) {
  const int size = static_cast<int>(data.size());
  switch (d.below(6)) {
    case 0: break;
    case 1:  // bits
      for (int n = d.below(30); n > 0; n--) {
        const std::size_t at = static_cast<std::size_t>(d.below(size));
        data[at] ^= static_cast<std::uint8_t>(1u << d.below(8));
      }
      break;
    case 2:  // headers
      for (std::size_t at = 0; at < data.size(); at += packet_size)
        for (std::size_t n = 1 + static_cast<std::size_t>(d.below(8)); n < 30;
             n += 1 + static_cast<std::size_t>(d.below(8)))
          data[at + n] = d.byte();
      break;
    case 3:  // anything, after a sync byte
      for (std::size_t at = 0; at < data.size(); at += packet_size)
        for (std::size_t n = 1; n < packet_size; n++)
          data[at + n] = d.has_more() ? d.byte() : static_cast<std::uint8_t>(n * at);
      break;
    case 4: data.resize(static_cast<std::size_t>(d.below(size + 1))); break;
    default:
      for (std::size_t at = 0; at < data.size() && d.has_more(); at += packet_size) {
        const bytes section = any_table(d);
        const bytes packed = packets_of(section, section[0] == 0 ? 0 : 0x1000);
        std::copy(packed.begin(), packed.begin() + packet_size,
                  data.begin() + static_cast<std::ptrdiff_t>(at));
      }
      break;
  }
}

// What is in the midst of pictures: no table, no header, no clock.
void spoil_gently(bytes& data, dice& d) {
  for (std::size_t at = 0; at < data.size(); at += packet_size) {
    std::uint8_t* packet = data.data() + at;
    const unsigned pid = ts_get_pid(packet);
    if ((pid != 0x100 && pid != 0x200) || ts_get_unitstart(packet) || ts_has_adaptation(packet)) continue;
    for (int n = d.below(4); n > 0; n--)
      packet[4 + d.below(184)] = d.byte();
  }
}

}  // namespace

std::string garbage(dice& d, int rounds) {
  shape a, b;
  b.id = 2;
  b.video = 0x200;
  b.audio = 0x201;
  a.key_size = b.key_size = 2000;
  a.picture_size = b.picture_size = 400;
  reader out;
  out.gentle = d.one_in(4);
  if (!out.gentle) a.cues = b.cues = 0x1f0;
  b.video_type = d.one_in(2) ? 0x1b : 0x24;
  std::vector<maker> makers{maker(a, 0), maker(b, 0)};
  const keep_limits limits{second, 60'000};
  std::vector<std::unique_ptr<source>> sources;
  for (int i = 0; i < 2; i++)
    sources.push_back(std::make_unique<source>(limits));
  splicer splice;
  std::uint64_t number = 1;
  std::size_t on_air = 0;
  ticks& now = out.now;
  for (int round = 0; round < rounds && d.has_more(); round++) {
    std::size_t i = static_cast<std::size_t>(d.below(2));
    if (out.gentle) {
      // As they come.
      i = makers[0].next().at <= makers[1].next().at ? 0 : 1;
      now = makers[i].next().at;
    } else {
      now += d.below(20) * millisecond;
    }
    bytes data = makers[i].next().data;
    makers[i].take();
    if (out.gentle) {
      if (d.one_in(2)) spoil_gently(data, d);
    } else {
      spoil(data, d);
      if (d.below(120) == 1) makers[i].restart(static_cast<ticks>(d.below(1 << 30)) * 20'000);
    }
    // Exactly as long as it is, so that a byte too many is noticed.
    bytes exact(data.begin(), data.end());
    exact.shrink_to_fit();
    if (!sources[i]->take(exact.data(), exact.size(), now).valid) continue;
    if (d.below(40) == 1) {
      on_air = 1 - on_air;
      number++;
    }
    splice.take(*sources[i], i == on_air ? number : 0, exact.data(), exact.size(), now, out);
    if (splice.catching_up()) splice.catch_up(now, out);
    if (!out.gentle && d.below(250) == 1) {
      splice.forget(*sources[i], now);
      sources[i] = std::make_unique<source>(limits);
    }
  }
  if (rounds > 1000 && out.packets == 0) return " nothing came out";
  if (!out.whole) return " what came out is not whole packets";
  for (const char* what : {"counter", "counter without payload", "clock goes back", "time goes back", "sync"})
    if (out.output.errors[what] > 0) return std::string(" ") + what;
  return "";
}

std::string garbage_of(const bytes& data) {
  dice d(data.data(), data.size());
  return garbage(d, 400);
}

}  // namespace ts::test
