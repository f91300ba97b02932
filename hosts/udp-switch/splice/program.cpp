#include "program.hpp"

#include "packet.hpp"

#include <bitstream/mpeg/psi.h>

#include <algorithm>

namespace ts {

namespace {

// biTStream reads tables through pointers to what could be written, and writes nothing.
std::uint8_t* bytes_of(const std::vector<std::uint8_t>& section) {
  return const_cast<std::uint8_t*>(section.data());
}

// For tables and what they list.
constexpr unsigned first_pid = 0x10;

bool may_be_listed(unsigned pid) { return pid >= first_pid && pid < null_pid; }

constexpr std::size_t smallest = PSI_HEADER_SIZE_SYNTAX1 + PSI_CRC_SIZE;

}  // namespace

bool read_pat(const std::vector<std::uint8_t>& section, association& into) {
  if (section.size() < smallest || !pat_validate(section.data()) || !psi_get_current(section.data()))
    return false;
  into = {};
  // A table of several sections is a table of several programs.
  if (psi_get_lastsection(section.data()) != 0) {
    into.programs = 2;
    return true;
  }
  std::uint8_t* entry;
  for (std::uint8_t i = 0; (entry = pat_get_program(bytes_of(section), i)) != nullptr; i++) {
    if (patn_get_program(entry) == 0) continue;
    into.programs++;
    into.number = patn_get_program(entry);
    into.pmt_pid = patn_get_pid(entry);
    if (!may_be_listed(into.pmt_pid)) return false;
  }
  return true;
}

bool read_pmt(const std::vector<std::uint8_t>& section, unsigned pmt_pid, program& into) {
  if (section.size() < smallest + 4 || !pmt_validate(section.data()) || !psi_get_current(section.data()))
    return false;
  into.number = pmt_get_program(section.data());
  into.pcr_pid = pmt_get_pcrpid(section.data());
  if (into.pcr_pid < first_pid || into.pcr_pid == pmt_pid) return false;
  into.streams.clear();
  std::uint8_t* entry;
  for (std::uint8_t i = 0; (entry = pmt_get_es(bytes_of(section), i)) != nullptr && i < 255; i++) {
    elementary stream;
    stream.pid = pmtn_get_pid(entry);
    if (!may_be_listed(stream.pid) || stream.pid == pmt_pid) return false;
    stream.type = pmtn_get_streamtype(entry);
    stream.descriptors.assign(entry + PMT_ES_SIZE, entry + PMT_ES_SIZE + pmtn_get_desclength(entry));
    into.streams.push_back(std::move(stream));
  }
  return true;
}

void section_reader::reset() {
  size_ = 0;
  inside_ = false;
  counter_ = 0xff;
  whole_.clear();
}

void section_reader::take(const std::uint8_t* packet) {
  whole_.clear();
  std::size_t at = payload_of(packet);
  if (at >= packet_size || ts_get_transporterror(packet) || ts_get_scrambling(packet) != 0) return;
  const std::uint8_t counter = ts_get_cc(packet);
  if (counter == counter_) return;
  if (counter_ != 0xff && ts_check_discontinuity(counter, counter_)) inside_ = false;
  counter_ = counter;
  if (ts_get_unitstart(packet)) {
    const std::size_t begin = at + 1 + packet[at];
    at++;
    if (begin > packet_size) {
      inside_ = false;
      return;
    }
    if (inside_) add(packet + at, begin - at);
    at = begin;
    size_ = 0;
    inside_ = true;
  }
  if (inside_) add(packet + at, packet_size - at);
}

void section_reader::add(const std::uint8_t* data, std::size_t size) {
  while (size > 0) {
    // Stuffing up to the packet's end.
    if (size_ == 0 && *data == 0xff) {
      inside_ = false;
      return;
    }
    std::size_t total = PSI_HEADER_SIZE;
    if (size_ >= PSI_HEADER_SIZE) total += psi_get_length(bytes_.data());
    const std::size_t part = std::min(size, total - size_);
    std::copy_n(data, part, bytes_.data() + size_);
    size_ += part;
    data += part;
    size -= part;
    if (size_ < PSI_HEADER_SIZE) continue;
    total = PSI_HEADER_SIZE + psi_get_length(bytes_.data());
    if (total > largest) {
      inside_ = false;
      size_ = 0;
      return;
    }
    if (size_ < total) continue;
    if (psi_get_syntax(bytes_.data()) && total >= smallest && psi_check_crc(bytes_.data()))
      whole_.emplace_back(bytes_.data(), bytes_.data() + total);
    size_ = 0;
  }
}

std::vector<std::uint8_t> packets_of(const std::vector<std::uint8_t>& section, unsigned pid) {
  std::vector<std::uint8_t> packets;
  for (std::uint16_t done = 0; done < section.size();) {
    std::uint8_t packet[packet_size] = {};
    std::uint8_t filled = 0;
    psi_split_section(packet, &filled, section.data(), &done);
    psi_split_end(packet, &filled);
    ts_set_pid(packet, static_cast<std::uint16_t>(pid));
    packets.insert(packets.end(), packet, packet + packet_size);
  }
  return packets;
}

std::vector<std::uint8_t> packets_of_unit(const std::vector<std::uint8_t>& unit, unsigned pid) {
  std::vector<std::uint8_t> packets;
  for (std::size_t at = 0; at < unit.size();) {
    std::uint8_t packet[packet_size];
    const std::size_t part = std::min(unit.size() - at, packet_size - TS_HEADER_SIZE);
    const std::size_t room = packet_size - TS_HEADER_SIZE - part;
    ts_init(packet);
    ts_set_pid(packet, static_cast<std::uint16_t>(pid));
    ts_set_payload(packet);
    if (at == 0) ts_set_unitstart(packet);
    if (room > 0) ts_set_adaptation(packet, static_cast<std::uint8_t>(room - 1));
    std::copy_n(unit.data() + at, part, packet + packet_size - part);
    packets.insert(packets.end(), packet, packet + packet_size);
    at += part;
  }
  return packets;
}

}  // namespace ts
