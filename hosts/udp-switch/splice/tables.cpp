#include "tables.hpp"

#include "packet.hpp"

#include <bitstream/mpeg/psi.h>

#include <algorithm>

namespace ts {

namespace {

// Gives the section the version that tells whether it says something else than the one before.
void number(std::vector<std::uint8_t>& section, const std::vector<std::uint8_t>& before) {
  if (!before.empty()) {
    psi_set_version(section.data(), psi_get_version(before.data()));
    psi_set_current(section.data());
    psi_set_crc(section.data());
    if (section != before) psi_set_version(section.data(), (psi_get_version(before.data()) + 1) & 0x1f);
    psi_set_current(section.data());
  }
  psi_set_crc(section.data());
}

}  // namespace

void tables::begin(const program& first) {
  *this = tables();
  transport_ = pat_get_tsid(first.pat.data());
  number_ = first.number;
  pmt_pid_ = first.pmt_pid;
  adopt(first);
}

void tables::adopt(const program& source) {
  for (unsigned pid = 0; pid < pid_count; pid++)
    out_[pid] = static_cast<std::uint16_t>(pid);
  for (assigned& stream : streams_)
    stream.used = false;
  // First those that agree in everything, so that a language keeps its PID; then those of the same type.
  std::vector<elementary> streams = source.streams;
  const auto of_clock = [&](const elementary& stream) { return stream.pid == source.pcr_pid; };
  // A clock with a PID of its own is a stream as well, which the table does not list.
  if (source.pcr_pid != null_pid && std::none_of(streams.begin(), streams.end(), of_clock))
    streams.push_back({source.pcr_pid, 0, {}});
  std::vector<unsigned> pids(streams.size(), null_pid);
  for (const bool exactly : {true, false})
    for (std::size_t i = 0; i < pids.size(); i++) {
      const elementary& stream = streams[i];
      if (pids[i] != null_pid) continue;
      for (assigned& known : streams_)
        if (!known.used && known.type == stream.type &&
            (!exactly || known.descriptors == stream.descriptors)) {
          known.used = true;
          pids[i] = known.pid;
          break;
        }
    }
  for (std::size_t i = 0; i < pids.size(); i++)
    if (pids[i] == null_pid) pids[i] = assign(streams[i]);

  // What is not in the table keeps its PID, unless the output uses that otherwise.
  for (const assigned& stream : streams_)
    out_[stream.pid] = null_pid;
  if (pmt_pid_ != pat_pid) out_[pmt_pid_] = null_pid;
  out_[source.pmt_pid] = static_cast<std::uint16_t>(pmt_pid_);
  for (std::size_t i = 0; i < pids.size(); i++)
    out_[streams[i].pid] = static_cast<std::uint16_t>(pids[i]);

  std::vector<std::uint8_t> pat = source.pat;
  pat_set_tsid(pat.data(), static_cast<std::uint16_t>(transport_));
  std::uint8_t* entry;
  for (std::uint8_t i = 0; (entry = pat_get_program(pat.data(), i)) != nullptr; i++)
    if (patn_get_program(entry) != 0) {
      patn_set_program(entry, static_cast<std::uint16_t>(number_));
      patn_set_pid(entry, static_cast<std::uint16_t>(pmt_pid_));
    }
  number(pat, pat_);

  std::vector<std::uint8_t> pmt = source.pmt;
  pmt_set_program(pmt.data(), static_cast<std::uint16_t>(number_));
  pmt_set_pcrpid(pmt.data(), out_[source.pcr_pid]);
  for (std::uint8_t i = 0; i < source.streams.size() && (entry = pmt_get_es(pmt.data(), i)) != nullptr; i++)
    pmtn_set_pid(entry, static_cast<std::uint16_t>(pids[i]));
  number(pmt, pmt_);

  same_pat_ = pat == source.pat;
  same_pmt_ = pmt == source.pmt && source.pmt_pid == pmt_pid_;
  pat_ = std::move(pat);
  pmt_ = std::move(pmt);
  pat_packets_ = packets_of(pat_, pat_pid);
  pmt_packets_ = packets_of(pmt_, pmt_pid_);
}

unsigned tables::assign(const elementary& stream) {
  if (streams_.size() >= most_streams) {
    const auto oldest =
        std::find_if(streams_.begin(), streams_.end(), [](const assigned& known) { return !known.used; });
    of_streams_.reset(oldest->pid);
    streams_.erase(oldest);
  }
  unsigned pid = stream.pid;
  for (unsigned next = 0x100; taken(pid); next++)
    pid = next;
  of_streams_.set(pid);
  streams_.push_back({pid, stream.type, stream.descriptors, true});
  return pid;
}

bool tables::taken(unsigned pid) const {
  return pid < 0x10 || pid == pmt_pid_ || pid >= null_pid || of_streams_.test(pid);
}

}  // namespace ts
