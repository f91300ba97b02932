// Whether decoding can begin at a picture.

#pragma once

#include <cstddef>
#include <cstdint>

namespace ts {

bool is_video(std::uint8_t stream_type);

// Whether the picture that begins with this says so itself: by a sequence header of MPEG-2, or by the parameter
// sets or the slice of a random access point of AVC and HEVC. What is not among the first bytes is not seen.
bool begins_key_picture(std::uint8_t stream_type, const std::uint8_t* data, std::size_t size);

}  // namespace ts
