#include "status.hpp"

#include <map>
#include <sstream>
#include <string_view>

namespace {

const char* word(bool value) { return value ? "true" : "false"; }

std::string output_of(const output& out) {
  std::ostringstream text;
  text << "{\"datagrams\":" << out.datagrams << ",\"bytes\":" << out.bytes << ",\"unsent\":" << out.unsent
       << ",\"switches\":" << out.splice.switches() << ",\"caught_up_ts_packets\":" << out.splice.caught_up()
       << ",\"catching_up\":" << word(out.splice.catching_up())
       << ",\"passes_as_is\":" << word(out.splice.passes_as_is()) << '}';
  return text.str();
}

std::string session_of(const session& one) {
  std::ostringstream text;
  const char* strange = one.source.strange(now());
  text << "{\"input_priority\":" << one.priority << ",\"received\":" << one.received
       << ",\"malformed\":" << one.malformed << ",\"lost\":" << one.lost
       << ",\"kept_bytes\":" << one.source.kept().size() * ts::packet_size;
  if (strange != nullptr) text << ",\"passes_as_is\":\"" << strange << '"';
  text << '}';
  return text.str();
}

}  // namespace

std::string status_of(const streams& streams, const sessions& sessions, const changeover::engine& engine,
                      const relay& relay, std::uint64_t unprinted) {
  std::map<const output*, std::map<std::int32_t, const session*>> by_output;
  for (const auto& [number, one] : sessions)
    by_output[one->to][one->priority] = one.get();
  std::ostringstream text;
  for (const auto& [id, stream] : streams.all()) {
    if (!engine.is_registered(id)) continue;
    const changeover::runtime_status status = engine.runtime_status(id);
    std::string_view json = status.json();
    json.remove_suffix(1);
    text << changeover::printable(id) << '\t' << json << ",\"output\":" << output_of(stream->out)
         << ",\"sessions\":[";
    const char* between = "";
    for (const auto& [priority, one] : by_output[&stream->out]) {
      text << between << session_of(*one);
      between = ",";
    }
    text << "]}\n";
  }
  const totals& t = relay.counted();
  text << "\t{\"received\":" << t.received << ",\"forwarded\":" << relay.sent().datagrams()
       << ",\"malformed\":" << t.malformed << ",\"unsent\":" << relay.sent().unsent()
       << ",\"unprinted\":" << unprinted << "}\n";
  return text.str();
}
