// What tables say, and how packets are changed: by themselves.

#include "../cue.hpp"
#include "../tables.hpp"
#include "rig.hpp"

#include <bitstream/mpeg/psi.h>
#include <bitstream/scte/35.h>

#include <algorithm>

using namespace ts;
using namespace ts::test;

namespace {

bytes pat_of(unsigned pmt_pid) {
  bytes section(PAT_HEADER_SIZE + PAT_PROGRAM_SIZE + PSI_CRC_SIZE);
  pat_init(section.data());
  pat_set_length(section.data(), PAT_PROGRAM_SIZE);
  pat_set_tsid(section.data(), 1);
  psi_set_current(section.data());
  patn_init(section.data() + PAT_HEADER_SIZE);
  patn_set_program(section.data() + PAT_HEADER_SIZE, 1);
  patn_set_pid(section.data() + PAT_HEADER_SIZE, static_cast<std::uint16_t>(pmt_pid));
  psi_set_crc(section.data());
  return section;
}

bytes pmt_of(unsigned pcr_pid, const std::vector<elementary>& streams) {
  bytes section(PMT_HEADER_SIZE + PMT_ES_SIZE * streams.size() + PSI_CRC_SIZE);
  pmt_init(section.data());
  pmt_set_length(section.data(), static_cast<std::uint16_t>(PMT_ES_SIZE * streams.size()));
  pmt_set_program(section.data(), 1);
  psi_set_current(section.data());
  pmt_set_pcrpid(section.data(), static_cast<std::uint16_t>(pcr_pid));
  pmt_set_desclength(section.data(), 0);
  for (std::size_t i = 0; i < streams.size(); i++) {
    std::uint8_t* entry = section.data() + PMT_HEADER_SIZE + PMT_ES_SIZE * i;
    pmtn_init(entry);
    pmtn_set_streamtype(entry, streams[i].type);
    pmtn_set_pid(entry, static_cast<std::uint16_t>(streams[i].pid));
    pmtn_set_desclength(entry, 0);
  }
  psi_set_crc(section.data());
  return section;
}

// PIDs that a table can't mean.
void impossible_tables() {
  association pat;
  program pmt;
  expect(read_pat(pat_of(0x10), pat) && pat.pmt_pid == 0x10 && read_pat(pat_of(0x1ffe), pat),
         "the first and the last PID");
  for (const unsigned pid : {0u, 0xfu, 0x1fffu}) {
    expect(!read_pat(pat_of(pid), pat), "no PMT is there: " + std::to_string(pid));
    expect(!read_pmt(pmt_of(0x100, {{0x100, 0x1b, {}}, {pid, 0x0f, {}}}), 0x30, pmt),
           "nor is a stream: " + std::to_string(pid));
  }
  expect(
      read_pmt(pmt_of(0x1fff, {{0x10, 0x1b, {}}, {0x1ffe, 0x0f, {}}}), 0x30, pmt) && pmt.streams.size() == 2,
      "without a clock it is a table");
  expect(!read_pmt(pmt_of(0, {{0x100, 0x1b, {}}}), 0x30, pmt), "a clock in the PAT's place");
  expect(!read_pmt(pmt_of(0x100, {{0x30, 0x1b, {}}}), 0x30, pmt), "a stream in the PMT's place");
  expect(!read_pmt(pmt_of(0x30, {{0x100, 0x1b, {}}}), 0x30, pmt), "a clock in the PMT's place");
}

// Tables that keep naming new streams: PIDs do not run out, and none is given twice.
void many_streams() {
  tables out;
  for (unsigned round = 0; round < 60; round++) {
    program from;
    from.number = 1;
    from.pmt_pid = 0x30;
    from.pcr_pid = 0x100;
    for (unsigned i = 0; i < 200; i++)
      from.streams.push_back({0x100 + i, static_cast<std::uint8_t>(round), {}});
    from.pat = pat_of(from.pmt_pid);
    from.pmt = pmt_of(from.pcr_pid, from.streams);
    if (round == 0)
      out.begin(from);
    else
      out.adopt(from);
    std::vector<unsigned> pids{0x30};
    for (const elementary& stream : from.streams)
      pids.push_back(out.out(stream.pid));
    std::sort(pids.begin(), pids.end());
    expect(std::adjacent_find(pids.begin(), pids.end()) == pids.end() && pids.front() >= 0x10 &&
               pids.back() < null_pid,
           "each stream has a PID of its own, round " + std::to_string(round));
  }
}

void announced_clock() {
  std::uint8_t packet[packet_size] = {};
  ts_init(packet);
  ts_set_pid(packet, 0x100);
  ts_set_payload(packet);
  ts_set_adaptation(packet, 7);
  set_pcr(packet, 12345);
  leave_clock_alone(packet);
  expect(!has_discontinuity(packet) && pcr_of(packet) == 12345, "a clock alone");
  tsaf_set_discontinuity(packet);
  leave_clock_alone(packet);
  expect(has_discontinuity(packet) && pcr_of(packet) == 12345, "and announced");
}

// Two cues in a packet, and one that is not all in it.
void several_cues() {
  const bytes one = cue_for(clock_range - second);
  std::uint8_t packet[packet_size];
  std::fill_n(packet, packet_size, 0xff);
  ts_init(packet);
  ts_set_unitstart(packet);
  ts_set_payload(packet);
  packet[4] = 0;
  for (std::size_t i = 0; i < 2; i++)
    std::copy(one.begin(), one.end(), packet + 5 + i * one.size());
  const std::size_t rest = packet_size - 5 - 2 * one.size();
  bytes cut = one;
  psi_set_length(cut.data(), static_cast<std::uint16_t>(rest));
  std::copy(cut.begin(), cut.end(), packet + 5 + 2 * one.size());
  move_cues(packet, clock_range - second);
  move_cues(packet, 3 * second);
  for (std::size_t i = 0; i < 2; i++) {
    const std::uint8_t* section = packet + 5 + i * one.size();
    expect(scte35_validate(section) && scte35_get_pts_adjustment(section) == 2 * 90'000,
           "each is moved, and wraps");
  }
  expect(std::equal(cut.begin(), cut.end(), packet + 5 + 2 * one.size()), "what goes on elsewhere is left");
}

}  // namespace

int main() {
  impossible_tables();
  many_streams();
  announced_clock();
  several_cues();
  std::printf("tables: %d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
