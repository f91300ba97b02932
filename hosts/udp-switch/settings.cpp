#include "settings.hpp"

#include "rtp.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>

namespace {

using changeover::config;
using std::chrono::nanoseconds;

struct value {
  nanoseconds time{};
  std::uint64_t number = 0;
};

enum class kind { time, number, choice };

struct setting {
  kind takes;
  // For choices: their names. Of the splicer, none sets anything in the engine.
  std::map<std::string, std::function<void(config&)>> choices;
  std::function<void(config&, const value&)> apply;
  // Of a number.
  std::uint64_t most = 1'000'000'000'000;
};

const std::map<std::string, setting>& all() {
  const auto time = [](config& (config::*set)(changeover::duration) noexcept) {
    return setting{kind::time, {}, [set](config& to, const value& v) { (to.*set)(v.time); }};
  };
  const auto number = [](config& (config::*set)(std::uint64_t) noexcept) {
    return setting{kind::number, {}, [set](config& to, const value& v) { (to.*set)(v.number); }};
  };
  static const std::map<std::string, setting> settings = {
      {"packet-timeout", time(&config::packet_timeout)},
      {"packet-timeout-min", time(&config::packet_timeout_min)},
      {"connect-timeout", time(&config::connect_timeout)},
      {"probe-cooldown", time(&config::probe_cooldown)},
      {"switch-cooldown", time(&config::switch_cooldown)},
      {"failback-stable", time(&config::failback_stable)},
      {"start-grace", time(&config::start_grace)},
      {"damping-period", time(&config::damping_period)},
      {"key-wait", time(&config::key_wait)},
      {"measure-window", time(&config::measure_window)},
      {"impair-after", time(&config::impair_after)},
      {"video-timeout", time(&config::video_timeout)},
      {"audio-timeout", time(&config::audio_timeout)},
      {"impair-margin", number(&config::impair_margin)},
      {"min-bitrate", number(&config::min_bitrate)},
      {"min-bitrate-of-baseline", number(&config::min_bitrate_of_baseline)},
      {"min-fps", number(&config::min_fps)},
      {"min-fps-of-baseline", number(&config::min_fps_of_baseline)},
      {"max-loss", number(&config::max_loss)},
      {"silence",
       {kind::choice,
        {{"fixed", [](config& to) { to.silence(changeover::silence::fixed); }},
         {"adaptive", [](config& to) { to.silence(changeover::silence::adaptive); }}},
        {}}},
      {"failback",
       {kind::choice,
        {{"auto", [](config& to) { to.failback(changeover::failback::automatic); }},
         {"manual", [](config& to) { to.failback(changeover::failback::manual); }}},
        {}}},
      {"commit",
       {kind::choice,
        {{"key-frame", [](config& to) { to.commit(changeover::commit::key_frame); }},
         {"at-once", [](config& to) { to.commit(changeover::commit::at_once); }}},
        {}}},
      {"catch-up", {kind::time, {}, {}}},
      {"catch-up-bytes", {kind::number, {}, {}}},
      {"first-switch", {kind::number, {}, {}, changeover::first_switch_max}},
      {"rtp-switch-element", {kind::number, {}, {}, rtp::last_element}},
  };
  return settings;
}

// A number and what stands behind it; false: there is none.
bool leading_number(const std::string& text, std::uint64_t& number, std::string& rest) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  std::size_t end = 0;
  try {
    number = std::stoull(text, &end);
  } catch (const std::out_of_range&) {
    return false;
  }
  rest = text.substr(end);
  return true;
}

std::uint64_t number_of(const std::string& text, std::uint64_t most) {
  std::uint64_t number = 0;
  std::string rest;
  if (!leading_number(text, number, rest) || !rest.empty() || number > most)
    throw std::runtime_error(text + ": want a number, at most " + std::to_string(most));
  return number;
}

nanoseconds time_of(const std::string& text) {
  std::string unit;
  std::uint64_t number = 0;
  const bool read = leading_number(text, number, unit);
  // Nothing is nothing, whatever the unit.
  if (read && number == 0 && unit.empty()) return nanoseconds(0);
  const nanoseconds each = unit == "s"    ? std::chrono::seconds(1)
                           : unit == "ms" ? std::chrono::milliseconds(1)
                                          : nanoseconds(0);
  if (!read || each.count() == 0 || number > static_cast<std::uint64_t>(changeover::never / each))
    throw std::runtime_error(text + ": want a time, such as 300ms or 2s");
  return each * static_cast<std::int64_t>(number);
}

value value_of(const setting& what, const std::string& text) {
  value found;
  if (what.takes == kind::time) {
    found.time = time_of(text);
  } else if (what.takes == kind::number) {
    found.number = number_of(text, what.most);
  } else if (what.choices.count(text) == 0) {
    std::string names;
    for (const auto& [name, choose] : what.choices)
      names += (names.empty() ? "" : " or ") + name;
    throw std::runtime_error(text + ": want " + names);
  }
  return found;
}

void apply(const setting& what, const std::string& text, config& to) {
  const value read = value_of(what, text);
  if (what.takes == kind::choice)
    what.choices.at(text)(to);
  else if (what.apply)
    what.apply(to, read);
}

// What the engine would refuse, refused here.
void check(const config& made) {
  const char *field = nullptr, *why = nullptr;
  if (changeover_config_check(&made.raw(), 0, &field, &why) != CHANGEOVER_OK)
    throw std::runtime_error("the engine can't read it");
  if (field == nullptr) return;
  // In brackets is what matters to those who write C.
  const std::string text = why;
  throw std::runtime_error("want " + text.substr(0, text.find(" (")));
}

}  // namespace

void settings::set(const std::string& word) {
  const std::size_t equals = word.find('=');
  const std::string name = word.substr(0, equals),
                    text = equals == std::string::npos ? "" : word.substr(equals + 1);
  const auto found = all().find(name);
  if (found == all().end()) throw std::runtime_error(name + ": there is no such setting");
  try {
    changeover::config alone;
    apply(found->second, text, alone);
    check(alone);
  } catch (const std::runtime_error& failure) {
    throw std::runtime_error(name + ": " + failure.what());
  }
  values_[name] = text;
}

changeover::config settings::config() const {
  changeover::config made;
  for (const auto& [name, text] : values_)
    apply(all().at(name), text, made);
  return made;
}

ts::keep_limits settings::keep(const ts::keep_limits& otherwise) const {
  ts::keep_limits limits = otherwise;
  const auto time = values_.find("catch-up");
  if (time != values_.end()) limits.time = ts::from_nanoseconds(time_of(time->second).count());
  limits.bytes = static_cast<std::size_t>(number("catch-up-bytes", limits.bytes));
  return limits;
}

std::uint64_t settings::number(const char* name, std::uint64_t otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : number_of(found->second, all().at(name).most);
}

std::string settings::names() {
  std::string list;
  for (const auto& [name, what] : all())
    list += (list.empty() ? "" : " ") + name;
  return list;
}
