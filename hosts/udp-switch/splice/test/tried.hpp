// What is tried with a splicer by chance, and what has to be so whatever comes.

#pragma once

#include "dice.hpp"
#include "maker.hpp"

#include <string>

namespace ts::test {

// Sources of every kind take turns at any moment, while they change their tables; lossy: and fall silent, and restart.
// So many steps at most, with pictures of about so many bytes. What is wrong with the output, or nothing.
std::string turns(dice& d, bool lossy, int steps, int largest);

// Garbage, made of good packets and of none, so many datagrams at most. What is wrong with the output, or nothing.
std::string garbage(dice& d, int rounds);

// The same, as the fuzz targets do it: of these bytes.
std::string turns_of(const bytes& data);
std::string garbage_of(const bytes& data);

}  // namespace ts::test
