#include "streams.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

void streams::apply(const table& wanted) {
  if (!(wanted.defaults == defaults_)) engine_.set_defaults(wanted.defaults.config());
  defaults_ = wanted.defaults;
  const auto is_wanted = [&](const std::string& id) {
    return std::any_of(wanted.streams.begin(), wanted.streams.end(),
                       [&](const stream_line& line) { return line.id == id; });
  };
  // Those that go make room first: another stream may want their addresses.
  std::vector<std::string> gone;
  for (const auto& [id, stream] : streams_)
    if (!is_wanted(id)) gone.push_back(id);
  for (const std::string& id : gone)
    if (engine_.is_registered(id)) engine_.unregister(id);
  for (const stream_line& line : wanted.streams) {
    try {
      stream* known = find(line.id);
      if (known == nullptr) {
        add(line);
        continue;
      }
      set(known->out, line);
      if (!(known->line == line)) change(*known, line);
    } catch (const std::runtime_error& failure) {
      throw std::runtime_error(line.id + ": " + failure.what());
    }
  }
}

void streams::unregistered(std::string_view id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  relay_.forget(found->second->out);
  streams_.erase(found);
}

streams::stream* streams::find(std::string_view id) {
  const auto found = streams_.find(id);
  return found == streams_.end() ? nullptr : found->second.get();
}

// What is no setting of the engine's.
void streams::set(output& to, const stream_line& from) {
  to.limits = from.own.keep(defaults_.keep({}));
  to.element =
      static_cast<unsigned>(from.own.number("rtp-switch-element", defaults_.number("rtp-switch-element", 0)));
}

void streams::add(const stream_line& line) {
  auto made = std::make_unique<stream>();
  made->line = line;
  made->out.stream = line.id;
  made->out.to = parse_endpoint(line.output);
  made->out.socket = relay_.socket_for(made->out.to.interface);
  set(made->out, line);
  std::vector<changeover::input_spec> inputs;
  for (const std::string& address : line.inputs)
    inputs.push_back(spec(inputs.size(), address));
  const std::uint64_t first = line.own.number("first-switch", defaults_.number("first-switch", 0));
  engine_.register_stream(line.id, inputs, line.own.config(), {}, first);
  streams_[line.id] = std::move(made);
}

void streams::change(stream& from, const stream_line& to) {
  if (!(from.line.own == to.own)) engine_.set_config(to.id, to.own.config());
  if (from.line.output != to.output) {
    const endpoint address = parse_endpoint(to.output);
    from.out.socket = relay_.socket_for(address.interface);
    from.out.to = address;
  }
  std::vector<changeover::input_spec> added, updated;
  std::vector<std::int32_t> removed;
  const std::size_t before = from.line.inputs.size(), after = to.inputs.size();
  for (std::size_t i = 0; i < std::max(before, after); i++) {
    if (i >= after)
      removed.push_back(static_cast<std::int32_t>(i));
    else if (i >= before)
      added.push_back(spec(i, to.inputs[i]));
    else if (from.line.inputs[i] != to.inputs[i])
      updated.push_back(spec(i, to.inputs[i]));
  }
  if (!added.empty() || !removed.empty() || !updated.empty())
    engine_.update_inputs(to.id, added, removed, updated);
  from.line = to;
}

// A source that sends anyway is a hot input: its socket is always open.
changeover::input_spec streams::spec(std::size_t priority, const std::string& address) {
  return changeover::input_spec(static_cast<std::int32_t>(priority), address).hot();
}
