// Cues for advertisements: SCTE 35.

#pragma once

#include "clock.hpp"

#include <cstdint>

namespace ts {

// Moves the times of the cues in a packet of sections by so much, through their pts_adjustment. What takes several
// packets stays as it is, and so does what is none.
void move_cues(std::uint8_t* packet, ticks by);

}  // namespace ts
