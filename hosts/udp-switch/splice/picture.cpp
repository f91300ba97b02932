#include "picture.hpp"

#include <bitstream/mpeg/psi.h>

namespace ts {

namespace {

enum class answer { key, no, read_on };

answer of_mpeg2(unsigned code) {
  if (code == 0xb3) return answer::key;  // sequence header
  return code == 0x00 ? answer::no : answer::read_on;
}

answer of_avc(unsigned header) {
  switch (header & 0x1f) {
    case 5:                      // slice of an IDR picture
    case 7: return answer::key;  // sequence parameter set
    case 1: return answer::no;   // any other slice
    default: return answer::read_on;
  }
}

answer of_hevc(unsigned header) {
  const unsigned type = header >> 1 & 0x3f;
  if ((type >= 16 && type <= 21) || type == 32 || type == 33) return answer::key;
  return type < 10 ? answer::no : answer::read_on;
}

}  // namespace

bool is_video(std::uint8_t stream_type) {
  switch (stream_type) {
    case PMT_STREAMTYPE_VIDEO_MPEG1:
    case PMT_STREAMTYPE_VIDEO_MPEG2:
    case PMT_STREAMTYPE_VIDEO_MPEG4:
    case PMT_STREAMTYPE_VIDEO_AVC:
    case PMT_STREAMTYPE_VIDEO_HEVC:
    case PMT_STREAMTYPE_VIDEO_AVS:
    case 0x33:               // VVC
    case 0xd1:               // Dirac
    case 0xea: return true;  // VC-1
    default: return false;
  }
}

bool begins_key_picture(std::uint8_t stream_type, const std::uint8_t* data, std::size_t size) {
  for (std::size_t at = 0; at + 3 < size; at++) {
    if (data[at] != 0 || data[at + 1] != 0 || data[at + 2] != 1) continue;
    answer found = answer::no;
    switch (stream_type) {
      case PMT_STREAMTYPE_VIDEO_MPEG1:
      case PMT_STREAMTYPE_VIDEO_MPEG2: found = of_mpeg2(data[at + 3]); break;
      case PMT_STREAMTYPE_VIDEO_AVC: found = of_avc(data[at + 3]); break;
      case PMT_STREAMTYPE_VIDEO_HEVC: found = of_hevc(data[at + 3]); break;
      default: break;
    }
    if (found != answer::read_on) return found == answer::key;
    at += 3;
  }
  return false;
}

}  // namespace ts
