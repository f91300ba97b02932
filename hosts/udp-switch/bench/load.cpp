// Sources and receivers for the benchmark: two sources of 5 Mbit/s for each stream, a key picture each second; and
// what came out of each stream: how much, how late, what of it was missing.
//
// usage: load STREAMS SECONDS DEATHS_A_SECOND FIRST_PORT
// Ports as in plain_relay.c. A death: a primary is silent for 500 ms, and returns; one stream after the other.

#include "../splice/packet.hpp"
#include "../splice/test/maker.hpp"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <thread>
#include <vector>

namespace {

using ts::packet_size;

std::int64_t nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

sockaddr_in at(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// Six TS packets, and when they are due. The seventh is a null packet that says when it was sent.
struct piece {
  std::int64_t due;
  std::array<std::uint8_t, 6 * packet_size> data;
};

std::vector<piece> encode(std::uint8_t id, int seconds) {
  ts::test::shape what;
  what.id = id;
  what.key_size = 60'000;
  what.picture_size = 18'500;
  ts::test::maker made(what, 0);
  std::vector<piece> pieces;
  ts::ticks before = 0;
  std::size_t filled = 0;
  for (; before < seconds * ts::second; made.take()) {
    const ts::test::datagram& next = made.next();
    const std::size_t count = next.data.size() / packet_size;
    for (std::size_t i = 0; i < count; i++) {
      if (filled == 0) pieces.emplace_back();
      piece& to = pieces.back();
      std::memcpy(to.data.data() + filled * packet_size, next.data.data() + i * packet_size, packet_size);
      to.due = (before + (next.at - before) * static_cast<ts::ticks>(i + 1) / static_cast<ts::ticks>(count)) /
               27 * 1000;
      filled = (filled + 1) % 6;
    }
    before = next.at;
  }
  if (filled != 0) pieces.pop_back();
  return pieces;
}

struct source {
  sockaddr_in to;
  const std::vector<piece>* pieces;
  std::int64_t begins;
  std::size_t next = 0;
  std::int64_t silent_until = 0;
};

struct stamp {
  char name[8];
  std::int64_t sent;
};

std::atomic<bool> ended{false};

class senders {
 public:
  senders(int streams, int first, const std::vector<piece>& primary, const std::vector<piece>& backup)
      : socket_(socket(AF_INET, SOCK_DGRAM, 0)) {
    const std::int64_t begin = nanoseconds() + 200'000'000;
    for (int i = 0; i < streams * 2; i++)
      sources_.push_back(
          {at(first + i), i % 2 == 0 ? &primary : &backup, begin + i * 37 % 1000 * 1'000'000LL});
    for (std::size_t i = 0; i < batch; i++) {
      ts_pad(nulls_[i].data());
      parts_[i][1] = {nulls_[i].data(), packet_size};
      messages_[i].msg_hdr.msg_iov = parts_[i].data();
      messages_[i].msg_hdr.msg_iovlen = 2;
      messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
    }
  }

  void run(int seconds, int deaths) {
    const std::int64_t begin = nanoseconds(), end = begin + seconds * 1'000'000'000LL;
    std::int64_t next = begin + 3'000'000'000;
    for (std::int64_t now; (now = nanoseconds()) < end;) {
      while (deaths > 0 && now >= next && now < end - 3'000'000'000) {
        sources_[died * 2 % sources_.size()].silent_until = now + 500'000'000;
        died++;
        next += 1'000'000'000 / deaths;
      }
      for (source& each : sources_)
        while (each.next < each.pieces->size() && each.begins + (*each.pieces)[each.next].due <= now) {
          late = std::max(late, now - each.begins - (*each.pieces)[each.next].due);
          if (now >= each.silent_until) push(each);
          each.next++;
        }
      flush();
      const timespec pause{0, 500'000};
      nanosleep(&pause, nullptr);
    }
    milliseconds_of_deaths = deaths > 0 ? seconds * 1000 - 6000 : 0;
  }

  std::uint64_t sent = 0;
  std::size_t died = 0;
  int milliseconds_of_deaths = 0;
  std::int64_t late = 0;

 private:
  static constexpr std::size_t batch = 64;

  void push(source& from) {
    parts_[count_][0] = {const_cast<std::uint8_t*>((*from.pieces)[from.next].data.data()), 6 * packet_size};
    const stamp says{{'c', 'h', 'a', 'n', 'g', 'o', 'v', 'r'}, nanoseconds()};
    std::memcpy(nulls_[count_].data() + 4, &says, sizeof says);
    messages_[count_].msg_hdr.msg_name = &from.to;
    if (++count_ == batch) flush();
  }

  void flush() {
    for (std::size_t done = 0; done < count_;) {
      const int now = sendmmsg(socket_, &messages_[done], static_cast<unsigned>(count_ - done), 0);
      done += now > 0 ? static_cast<std::size_t>(now) : 1;
      if (now > 0) sent += static_cast<std::uint64_t>(now);
    }
    count_ = 0;
  }

  int socket_;
  std::vector<source> sources_;
  std::size_t count_ = 0;
  std::array<std::array<std::uint8_t, packet_size>, batch> nulls_;
  std::array<std::array<iovec, 2>, batch> parts_;
  std::array<mmsghdr, batch> messages_{};
};

class receivers {
 public:
  receivers(int streams, int first) : epoll_(epoll_create1(0)), counters_(static_cast<std::size_t>(streams)) {
    for (int i = 0; i < streams; i++) {
      const sockaddr_in address = at(first + 2 * streams + i);
      const int one = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), buffer = 4 << 20;
      // More than the system's limit needs root; without, what is lost here is not the program's.
      if (setsockopt(one, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        setsockopt(one, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
      if (bind(one, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        std::perror("bind");
        std::exit(1);
      }
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = static_cast<std::uint64_t>(i) << 32 | static_cast<std::uint32_t>(one);
      epoll_ctl(epoll_, EPOLL_CTL_ADD, one, &event);
      counters_[static_cast<std::size_t>(i)].fill(0xff);
    }
    for (std::size_t i = 0; i < batch; i++) {
      parts_[i] = {buffers_[i].data(), buffers_[i].size()};
      messages_[i].msg_hdr.msg_iov = &parts_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  void run() {
    while (!ended) {
      epoll_event ready[64];
      const int count = epoll_wait(epoll_, ready, 64, 50);
      for (int i = 0; i < count; i++) {
        const int one = static_cast<int>(ready[i].data.u64 & 0xffffffff);
        const int come = recvmmsg(one, messages_.data(), batch, 0, nullptr);
        const std::int64_t now = nanoseconds();
        for (int k = 0; k < come; k++)
          take(ready[i].data.u64 >> 32, buffers_[static_cast<std::size_t>(k)].data(),
               messages_[static_cast<std::size_t>(k)].msg_len, now);
      }
    }
  }

  std::uint64_t received = 0, missing = 0;
  // In microseconds, of all that say when they were sent.
  std::vector<std::uint32_t> lateness;

 private:
  static constexpr std::size_t batch = 64;

  void take(std::size_t stream, const std::uint8_t* data, std::size_t size, std::int64_t now) {
    received++;
    for (std::size_t from = 0; from + packet_size <= size; from += packet_size) {
      const std::uint8_t* packet = data + from;
      const unsigned pid = ts_get_pid(packet);
      if (pid != 0x100 && pid != 0x101) continue;
      if (!ts_has_payload(packet)) continue;
      std::uint8_t& last = counters_[stream][pid - 0x100];
      if (last != 0xff) missing += (ts_get_cc(packet) - last - 1u) & 15;
      last = ts_get_cc(packet);
    }
    stamp says;
    if (size < 7 * packet_size) return;
    std::memcpy(&says, data + 6 * packet_size + 4, sizeof says);
    if (std::memcmp(says.name, "changovr", 8) == 0)
      lateness.push_back(static_cast<std::uint32_t>((now - says.sent) / 1000));
  }

  int epoll_;
  std::vector<std::array<std::uint8_t, 2>> counters_;
  std::array<std::array<std::uint8_t, 2048>, batch> buffers_;
  std::array<iovec, batch> parts_;
  std::array<mmsghdr, batch> messages_{};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const int streams = std::atoi(argv[1]), seconds = std::atoi(argv[2]), deaths = std::atoi(argv[3]),
            first = std::atoi(argv[4]);
  const std::vector<piece> primary = encode(1, seconds), backup = encode(2, seconds);
  receivers in(streams, first);
  in.lateness.reserve(static_cast<std::size_t>(streams * seconds * 600));
  std::thread receiving([&] { in.run(); });
  senders out(streams, first, primary, backup);
  out.run(seconds, deaths);
  const timespec rest{0, 500'000'000};
  nanosleep(&rest, nullptr);
  ended = true;
  receiving.join();
  std::sort(in.lateness.begin(), in.lateness.end());
  const auto percentile = [&](double part) {
    return in.lateness.empty()
               ? 0
               : in.lateness[static_cast<std::size_t>(part * static_cast<double>(in.lateness.size() - 1))];
  };
  std::printf(
      "{\"sent\":%lu,\"received\":%lu,\"missing_ts_packets\":%lu,\"died\":%zu,\"ms_of_deaths\":%d,\"median_"
      "us\":%u,\"p99_"
      "us\":%u,"
      "\"p999_us\":%u,\"max_us\":%u,\"source_late_us\":%ld}\n",
      out.sent, in.received, in.missing, out.died, out.milliseconds_of_deaths, percentile(0.5),
      percentile(0.99), percentile(0.999), percentile(1), static_cast<long>(out.late / 1000));
}
