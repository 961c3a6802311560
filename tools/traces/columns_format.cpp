#include "tools/traces/columns_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/random.h"
#include "tools/language/diagnostics.h"
#include "tools/traces/csv_formats.h"
#include "tools/traces/csv_line.h"
#include "tools/traces/time_unit_check.h"
#include "tools/traces/vllm_result.h"

namespace stampede {
namespace {

using Json = nlohmann::json;

// The unit that only a time since 1970 of this size can have: from 2001 to 2096.
std::optional<TimeUnit> epoch_unit(double value) {
  for (const TimeUnit unit : {TimeUnit::kS, TimeUnit::kMs, TimeUnit::kUs, TimeUnit::kNs})
    if (value * seconds_of(unit) >= 1e9 && value * seconds_of(unit) < kLatestSeconds) return unit;
  return std::nullopt;
}

// The unit that the name of a column ends with.
std::optional<TimeUnit> named_unit(std::string_view name) {
  static constexpr std::pair<const char*, TimeUnit> kEndings[] = {
      {"_seconds", TimeUnit::kS}, {"_sec", TimeUnit::kS}, {"_s", TimeUnit::kS},
      {"_ms", TimeUnit::kMs},     {"_us", TimeUnit::kUs}, {"_ns", TimeUnit::kNs}};
  for (const auto& [ending, unit] : kEndings)
    if (name.ends_with(ending)) return unit;
  return std::nullopt;
}

u64 identity(const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  u64 key = 0;
  for (const char c : text) key = mix64(key ^ static_cast<unsigned char>(c));
  return key;
}

// Characters, not bytes.
double characters(const std::string& text) {
  return static_cast<double>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool is_failure(const Json& value) {
  if (value.is_null() || value == false || value == 0) return false;
  if (value.is_number()) return !(value >= 200 && value < 300);
  if (value.is_string()) {
    const std::string text = value.get<std::string>();
    double code = 0;
    for (const char* fine :
         {"", "0", "false", "False", "null", "none", "None", "ok", "OK", "success"})
      if (text == fine) return false;
    return !(number_of(text, code) && code >= 200 && code < 300);
  }
  return value == true || !value.empty();
}

u32 count_parts(const Json& value) {
  if (value.is_array() || value.is_object()) return static_cast<u32>(value.size());
  if (value.is_number()) return static_cast<u32>(std::max(0.0, value.get<double>()));
  if (value.is_string()) {
    const std::string text = value.get<std::string>();
    double number = 0;
    if (number_of(text, number)) return static_cast<u32>(std::max(0.0, number));
    return text == "image" || text == "audio" || text == "video" || text == "file" ? 1 : 0;
  }
  return value == true ? 1 : 0;
}

std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>().substr(0, 40) : value.dump().substr(0, 40);
}

// Fills a row from values by what they are for.
class Mapping : public JsonRows {
 public:
  Mapping(TraceColumns columns, std::optional<TimeUnit> unit)
      : columns_(std::move(columns)), unit_(unit ? unit : named_unit(columns_.time)) {}

  // `get`: the value of a column, or null; `where`: its place in the line.
  template <class Get, class Where>
  RowFault fill(Get&& get, Where&& where, TraceRow& row, RowRemarks& remarks) {
    const auto wrong = [&](const std::string& column, const std::string& what) {
      return RowFault{what, where(column)};
    };
    if (columns_.every.ns > 0) {
      row.at = columns_.every * static_cast<i64>(count_++);
    } else {
      const Json* time = get(columns_.time);
      if (time == nullptr || time->is_null())
        return wrong(columns_.time, fmt::format("'{}' is wanted: a time", columns_.time));
      i64 ns = 0;
      if (const std::string fault = read_time(*time, unit_, ns, remarks); !fault.empty())
        return wrong(columns_.time, fault);
      row.at = Duration{ns};
    }
    remarks.failed = !columns_.error.empty() && get(columns_.error) != nullptr &&
                     is_failure(*get(columns_.error));
    if (const std::string fault = tokens(get(columns_.input), columns_.input, row.prompt);
        !fault.empty())
      return wrong(columns_.input, fault);
    row.output = 0;
    const Json* output = columns_.output.empty() ? nullptr : get(columns_.output);
    if (output != nullptr && !output->is_null() && !remarks.failed)
      if (const std::string fault = tokens(output, columns_.output, row.output); !fault.empty())
        return wrong(columns_.output, fault);
    return fill_identities(get, wrong, row, remarks);
  }

  RowFault read_json(const Json& object, TraceRow& row, RowRemarks& remarks) override {
    if (!object.is_object()) return {"a JSON object is wanted for each request"};
    RowFault fault = fill([&](const std::string& path) { return at_path(object, path); },
                          [](const std::string&) { return 0u; }, row, remarks);
    if (const Json* phase = at_path(object, "metadata.benchmark_phase"))
      remarks.left_out = *phase == "warmup";
    if (fault.message.empty() && parents_) chain(object, row);
    return fault;
  }
  // Conversations that are named by the request before.
  void follow_parents() { parents_ = true; }

  const TraceColumns& columns() const { return columns_; }

 private:
  template <class Get, class Wrong>
  RowFault fill_identities(Get&& get, Wrong&& wrong, TraceRow& row, RowRemarks& remarks) {
    row.blocks.clear();
    row.has_text = row.has_session = false;
    const Json* blocks = columns_.blocks.empty() ? nullptr : get(columns_.blocks);
    if (blocks != nullptr && !blocks->is_null()) {
      Json parsed;
      if (blocks->is_string()) {
        parsed = Json::parse(blocks->get<std::string>(), nullptr, false);
        blocks = &parsed;
      }
      if (!blocks->is_array())
        return wrong(columns_.blocks,
                     fmt::format("'{}' is wanted: a list of identities", columns_.blocks));
      for (const Json& id : *blocks)
        row.blocks.push_back(id.is_number_integer() ? static_cast<u64>(id.get<i64>())
                                                    : identity(id));
    }
    if (const Json* text = columns_.text.empty() ? nullptr : get(columns_.text);
        text != nullptr && !text->is_null()) {
      row.has_text = true;
      row.text = identity(*text);
    }
    if (const Json* session = columns_.session.empty() ? nullptr : get(columns_.session);
        session != nullptr && !session->is_null() && *session != "") {
      row.has_session = true;
      row.session = identity(*session);
    }
    if (const Json* parts = columns_.parts.empty() ? nullptr : get(columns_.parts);
        parts != nullptr)
      remarks.parts = count_parts(*parts);
    return {};
  }

  std::string tokens(const Json* value, const std::string& name, u32& tokens) const {
    if (value == nullptr || value->is_null()) return fmt::format("'{}' is wanted: tokens", name);
    double number = 0;
    if (value->is_number())
      number = value->get<double>();
    else if (value->is_string() && columns_.tokens_per_character > 0)
      number = std::ceil(characters(value->get_ref<const std::string&>()) *
                         columns_.tokens_per_character);
    else if (!value->is_string() || !number_of(value->get_ref<const std::string&>(), number))
      return fmt::format("'{}': a number of tokens is wanted", shown(*value));
    if (!(number >= 0) || number > kMostTokens || number != std::floor(number))
      return fmt::format("{} is no number of tokens from 0 to {}", shown(*value), kMostTokens);
    tokens = static_cast<u32>(number);
    return "";
  }

  // The conversation of a request is that of its parent.
  void chain(const Json& object, TraceRow& row) {
    const Json* self = at_path(object, "chat_id");
    const Json* parent = at_path(object, "parent_chat_id");
    if (self == nullptr) return;
    row.has_session = true;
    row.session = identity(*self);
    if (parent != nullptr)
      if (const auto found = roots_.find(identity(*parent)); found != roots_.end())
        row.session = found->second;
    roots_[identity(*self)] = row.session;
  }

  TraceColumns columns_;
  std::optional<TimeUnit> unit_;
  u64 count_ = 0;
  bool parents_ = false;
  std::map<u64, u64> roots_;  // chat -> its conversation
};

class JsonLines final : public RowFormat {
 public:
  JsonLines(const TraceColumns& columns, std::optional<TimeUnit> unit, bool parents)
      : mapping_(columns, unit) {
    if (parents) mapping_.follow_parents();
  }
  RowFault read(std::string_view line, TraceRow& row, RowRemarks& remarks) override {
    object_ = parse_python_json(line);
    if (!object_.is_object()) return {"a JSON object is wanted in each line"};
    const std::string& each = mapping_.columns().each;
    next_ = 0;
    list_ = nullptr;
    if (each.empty()) return mapping_.read_json(object_, row, remarks);
    list_ = at_path(object_, each);
    if (list_ == nullptr || !list_->is_array())
      return {fmt::format("'{}' is wanted: a list", each)};
    RowFault fault;
    if (!more(row, remarks, fault)) remarks.left_out = true;
    return fault;
  }
  // A value that an element lacks is that of the line around it, such as its time.
  bool more(TraceRow& row, RowRemarks& remarks, RowFault& fault) override {
    if (list_ == nullptr || next_ >= list_->size()) return false;
    const Json& element = (*list_)[next_++];
    fault = mapping_.fill(
        [&](const std::string& path) {
          const Json* own = at_path(element, path);
          return own != nullptr ? own : at_path(object_, path);
        },
        [](const std::string&) { return 0u; }, row, remarks);
    return true;
  }

 private:
  Mapping mapping_;
  Json object_;
  const Json* list_ = nullptr;
  std::size_t next_ = 0;
};

class CsvColumns final : public RowFormat {
 public:
  CsvColumns(const TraceColumns& columns, std::optional<TimeUnit> unit) : mapping_(columns, unit) {}
  bool has_header() const override { return mapping_.columns().header; }
  bool incomplete(std::string_view line) const override { return CsvLine::incomplete(line); }
  RowFault header(std::string_view line) override {
    csv_.choose_delimiter(line);
    std::vector<std::string> names;
    for (const CsvField& field : csv_.split(line)) {
      places_.emplace(field.text, names.size());
      names.push_back(field.text.substr(0, 100));
    }
    const TraceColumns& c = mapping_.columns();
    for (const std::string* wanted :
         {&c.time, &c.input, &c.output, &c.session, &c.blocks, &c.text, &c.error, &c.parts})
      if (!wanted->empty() && !places_.contains(*wanted) &&
          !(wanted == &c.time && c.every.ns > 0)) {
        const std::string near = nearest_name(*wanted, names);
        return {fmt::format("the header has no column '{}'{}", *wanted,
                            near.empty() ? "" : "; did you mean '" + near + "'?")};
      }
    return {};
  }
  RowFault read(std::string_view line, TraceRow& row, RowRemarks& remarks) override {
    if (!mapping_.columns().header && places_.empty()) csv_.choose_delimiter(line);
    const std::vector<CsvField>& fields = csv_.split(line);
    values_.resize(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) values_[i] = fields[i].text;
    return mapping_.fill(
        [&](const std::string& name) -> const Json* {
          const auto place = place_of(name);
          return place && *place < values_.size() ? &values_[*place] : nullptr;
        },
        [&](const std::string& name) {
          const auto place = place_of(name);
          return place && *place < fields.size() ? fields[*place].column : 0u;
        },
        row, remarks);
  }

 private:
  std::optional<std::size_t> place_of(const std::string& name) const {
    if (const auto found = places_.find(name); found != places_.end()) return found->second;
    double number = 0;
    if (!mapping_.columns().header && number_of(name, number) && number >= 1 && number < 1e6)
      return static_cast<std::size_t>(number) - 1;
    return std::nullopt;
  }
  Mapping mapping_;
  CsvLine csv_;
  std::map<std::string, std::size_t> places_;
  std::vector<Json> values_;
};

}  // namespace

const Json* at_path(const Json& object, std::string_view path) {
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t bar = std::min(path.find('|', from), path.size());
    std::string_view rest = path.substr(from, bar - from);
    const Json* here = &object;
    while (here != nullptr && !rest.empty()) {
      const std::size_t point = std::min(rest.find('.'), rest.size());
      const std::string key(
          here->is_object() && here->contains(std::string(rest)) ? rest : rest.substr(0, point));
      rest.remove_prefix(std::min(key.size() + 1, rest.size()));
      double index = 0;
      if (here->is_array() && number_of(key, index) && index >= 0 &&
          index < static_cast<double>(here->size()))
        here = &(*here)[static_cast<std::size_t>(index)];
      else
        here = here->is_object() && here->contains(key) ? &(*here)[key] : nullptr;
    }
    if (here != nullptr && !here->is_null()) return here;
    from = bar + 1;
  }
  return nullptr;
}

std::string read_time(const Json& value, std::optional<TimeUnit> unit, i64& ns,
                      RowRemarks& remarks) {
  double number = 0;
  const bool is_text = value.is_string();
  if (is_text && !number_of(value.get_ref<const std::string&>(), number)) {
    Duration at;
    if (!read_timestamp(value.get_ref<const std::string&>(), at))
      return fmt::format("'{}': a time is wanted", shown(value));
    ns = at.ns;
    return "";
  }
  if (!is_text && !value.is_number()) return fmt::format("'{}': a time is wanted", shown(value));
  if (!is_text) number = value.get<double>();
  remarks.numeric_time = true;
  remarks.raw_time = number;
  remarks.fractional = number != std::floor(number);
  const std::optional<TimeUnit> since_1970 = epoch_unit(number);
  if (!unit) unit = since_1970;
  if (!unit)
    return "is that a number of seconds or of milliseconds? say `time_unit: s`, ms, us or ns";
  if (!(number >= 0) || number * seconds_of(*unit) > kLatestSeconds)
    return fmt::format("'{}': a time is wanted", shown(value));
  remarks.unit = *unit;
  remarks.sure_unit = since_1970 == unit;
  const i64 step = static_cast<i64>(seconds_of(*unit) * 1e9 + 0.5);
  ns = value.is_number_integer() ? value.get<i64>() * step
                                 : static_cast<i64>(number * static_cast<double>(step) + 0.5);
  return "";
}

std::unique_ptr<RowFormat> make_columns_format(const TraceColumns& columns,
                                               std::optional<TimeUnit> unit, bool json) {
  if (json) return std::make_unique<JsonLines>(columns, unit, columns.session == "chat_id");
  return std::make_unique<CsvColumns>(columns, unit);
}

std::unique_ptr<JsonRows> make_json_rows(const TraceColumns& columns,
                                         std::optional<TimeUnit> unit) {
  return std::make_unique<Mapping>(columns, unit);
}

TraceColumns bailian_columns() {
  TraceColumns c;
  c.time = "timestamp";
  c.input = "input_length";
  c.output = "output_length";
  c.session = "chat_id";
  c.blocks = "hash_ids";
  c.parts = "type";
  return c;
}

TraceColumns aiperf_columns() {
  TraceColumns c;
  c.time = "metadata.request_start_ns";
  c.input = "metrics.input_sequence_length.value";
  c.output = "metrics.output_sequence_length.value|metrics.output_token_count.value";
  c.session = "metadata.conversation_id|metadata.x_correlation_id";
  c.error = "error";
  c.parts = "metrics.num_images.value";
  return c;
}

TraceColumns guidellm_replay_columns() {
  TraceColumns c;
  c.time = "timestamp";
  c.input = "input_length|prompt_tokens";
  c.output = "output_length|output_tokens";
  c.blocks = "hash_ids";
  return c;
}

}  // namespace stampede
