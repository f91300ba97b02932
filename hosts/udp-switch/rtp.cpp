#include "rtp.hpp"

#include <bitstream/ietf/rtp.h>

#include <cstring>
#include <random>

namespace rtp {

payload payload_of(const std::uint8_t* packet, std::size_t size) {
  // biTStream reads header fields; whether they are there is for us to see.
  std::uint8_t* bytes = const_cast<std::uint8_t*>(packet);
  if (size < header_size || !rtp_check_hdr(packet)) return {};
  std::size_t begin = header_size + 4u * rtp_get_cc(packet), end = size;
  if (rtp_check_extension(packet)) {
    if (begin + RTP_EXTENSION_SIZE > size) return {};
    begin += RTP_EXTENSION_SIZE + 4u * rtpx_get_length(rtp_extension(bytes));
  }
  if (rtp_check_padding(packet)) end -= packet[size - 1] < end ? packet[size - 1] : end;
  if (begin > end) return {};
  return {packet + begin, end - begin};
}

numbering::numbering() {
  std::random_device random;
  source_ = random();
  number_ = static_cast<std::uint16_t>(random());
}

std::size_t numbering::write(std::uint8_t* header, std::int64_t now, unsigned element,
                             std::uint64_t switch_number) {
  rtp_set_hdr(header);
  rtp_set_cc(header, 0);
  rtp_set_type(header, RTP_TYPE_TS);
  rtp_set_seqnum(header, number_++);
  rtp_set_timestamp(header, static_cast<std::uint32_t>(now / 300));
  rtp_set_int_ssrc(header, source_);
  if (element == 0) return header_size;
  rtp_set_extension(header);
  std::uint8_t* extension = rtp_extension(header);
  constexpr std::size_t number_size = sizeof switch_number;
  std::memset(extension, 0, extended_size - header_size);
  rtpx_set_header(extension, 0xbede);
  rtpx_set_length(extension, (extended_size - header_size - RTP_EXTENSION_SIZE) / 4);
  std::uint8_t* at = extension + RTP_EXTENSION_SIZE;
  *at++ = static_cast<std::uint8_t>(element << 4 | (number_size - 1));
  for (std::size_t i = 0; i < number_size; i++)
    *at++ = static_cast<std::uint8_t>(switch_number >> 8 * (number_size - 1 - i));
  return extended_size;
}

}  // namespace rtp
