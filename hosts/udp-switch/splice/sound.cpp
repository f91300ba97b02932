#include "sound.hpp"

#include "packet.hpp"

#include <bitstream/atsc/a52.h>
#include <bitstream/mpeg/aac.h>
#include <bitstream/mpeg/mpga.h>
#include <bitstream/mpeg/psi.h>

#include <algorithm>

namespace ts {

namespace {

// Of two frames, where one ends and the other begins; clocks of 90 kHz say times no better.
constexpr ticks rounding = 2 * pts_tick;

constexpr unsigned aac_rates[] = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                  22050, 16000, 12000, 11025, 8000,  7350};
constexpr unsigned mpeg_rates[] = {44100, 48000, 32000};
constexpr unsigned a52_rates[] = {48000, 44100, 32000};
// kbit/s of MPEG-1's three layers, of layer 1 and of layers 2 and 3 of MPEG-2.
constexpr unsigned kbits[5][15] = {{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
                                   {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
                                   {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
                                   {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
                                   {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}};

sound_frame frame(std::size_t size, unsigned samples, unsigned rate) {
  return {size, static_cast<ticks>(samples) * second / rate};
}

sound_frame of_adts(const std::uint8_t* data) {
  const unsigned rate = adts_get_sampling_freq(data);
  const std::size_t size = adts_get_length(data);
  if (data[0] != 0xff || (data[1] & 0xf6) != 0xf0 || rate >= std::size(aac_rates) || size < ADTS_HEADER_SIZE)
    return {};
  return frame(size, ADTS_SAMPLES_PER_BLOCK * (adts_get_num_blocks(data) + 1u), aac_rates[rate]);
}

sound_frame of_mpeg(const std::uint8_t* data) {
  const unsigned layer = 4u - mpga_get_layer(data), index = mpga_get_bitrate_index(data);
  if (data[0] != 0xff || (data[1] & 0xe0) != 0xe0 || layer > 3 || index == 0 ||
      index == MPGA_BITRATE_INVALID || mpga_get_sampling_freq(data) == MPGA_SAMPLERATE_INVALID)
    return {};
  const bool first = mpga_get_id(data);
  const unsigned slower = mpga_get_mpeg25(data) ? 4 : first ? 1 : 2;
  const unsigned rate = mpeg_rates[mpga_get_sampling_freq(data)] / slower;
  const unsigned bits = 1000 * kbits[first ? layer - 1 : layer == 1 ? 3 : 4][index];
  const unsigned padding = mpga_get_padding(data) ? 1 : 0;
  if (layer == 1) return frame((12 * bits / rate + padding) * 4, 384, rate);
  const unsigned samples = layer == 3 && !first ? 576 : 1152;
  return frame(samples / 8 * bits / rate + padding, samples, rate);
}

sound_frame of_a52(const std::uint8_t* data) {
  if (a52_get_sync(data) != 0x0b77) return {};
  // E-AC-3 has its version in the same place.
  if (a52_get_bsid(data) <= 10) {
    const unsigned rate = a52_get_fscod(data), size = a52_get_frmsizecod(data);
    if (rate > 2 || size > 37) return {};
    return frame(a52_get_frame_size(static_cast<std::uint8_t>(rate), static_cast<std::uint8_t>(size)), 1536,
                 a52_rates[rate]);
  }
  static constexpr unsigned blocks[] = {1, 2, 3, 6};
  const unsigned rate = a52e_get_fscod(data), half = a52e_get_fscod2(data);
  // Frames of dependent substreams belong to the one before.
  if (a52e_get_strmtyp(data) == 1 || (rate == 3 && half == 3)) return {};
  const std::size_t size = a52e_get_frame_size(a52e_get_frmsiz(data));
  return rate == 3 ? frame(size, 1536, a52_rates[half] / 2)
                   : frame(size, 256 * blocks[half], a52_rates[rate]);
}

}  // namespace

sound_frame frame_of(std::uint8_t stream_type, const std::uint8_t* data, std::size_t size) {
  if (size < sound_header) return {};
  switch (stream_type) {
    case PMT_STREAMTYPE_AUDIO_MPEG1:
    case PMT_STREAMTYPE_AUDIO_MPEG2: return of_mpeg(data);
    case PMT_STREAMTYPE_AUDIO_ADTS: return of_adts(data);
    case PMT_STREAMTYPE_ATSC_A52:
    case PMT_STREAMTYPE_ATSC_A52E: return of_a52(data);
    default: return {};
  }
}

void sound_meter::begin(std::uint8_t stream_type) {
  type_ = stream_type;
  length_ = 0;
  missing_ = have_ = 0;
}

void sound_meter::add(const std::uint8_t* data, std::size_t size) {
  while (length_ != unknown && size > 0) {
    if (missing_ == 0) {
      const std::size_t part = std::min(size, sound_header - have_);
      std::copy_n(data, part, head_.data() + have_);
      have_ += part;
      data += part;
      size -= part;
      if (have_ < sound_header) return;
      const sound_frame next = frame_of(type_, head_.data(), have_);
      if (next.size <= sound_header) {
        length_ = unknown;
        return;
      }
      frame_ = next.length;
      missing_ = next.size - sound_header;
      have_ = 0;
    }
    const std::size_t part = std::min(size, missing_);
    missing_ -= part;
    data += part;
    size -= part;
    if (missing_ == 0) length_ += frame_;
  }
}

std::vector<std::uint8_t> cut_sound(std::uint8_t stream_type, const std::vector<std::uint8_t>& unit,
                                    ticks from, ticks& begin) {
  std::size_t at = PES_HEADER_SIZE_NOPTS, cut = 0;
  if (unit.size() > at) at += pes_get_headerlength(unit.data());
  ticks time = begin;
  while (at < unit.size()) {
    const sound_frame next = frame_of(stream_type, unit.data() + at, unit.size() - at);
    if (!next || next.size > unit.size() - at) return {};
    if (cut == 0 && time >= from - rounding) {
      cut = at;
      begin = time;
    }
    at += next.size;
    time += next.length;
  }
  if (cut == 0) return {};
  std::vector<std::uint8_t> part(PES_HEADER_SIZE_PTS);
  pes_init(part.data());
  pes_set_streamid(part.data(), pes_get_streamid(unit.data()));
  pes_set_length(part.data(),
                 static_cast<std::uint16_t>(unit.size() - cut + PES_HEADER_SIZE_PTS - PES_HEADER_SIZE));
  pes_set_headerlength(part.data(), PES_HEADER_TS_SIZE);
  pes_set_dataalignment(part.data());
  pes_set_pts(part.data(), static_cast<std::uint64_t>(shown(begin) / pts_tick));
  part.insert(part.end(), unit.begin() + static_cast<std::ptrdiff_t>(cut), unit.end());
  return part;
}

}  // namespace ts
