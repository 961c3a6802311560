#include "tools/language/published_timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "sim/value_text.h"

namespace stampede {
namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t kMostEvents = 10'000;
constexpr double kMostMinutes = 525'600;  // a year, as a run's

struct Field {
  std::string text;
  u32 column = 0;  // in bytes, from 0
};

// The fields of a line; one in double quotes may hold commas, and quotes written twice.
std::vector<Field> fields_of(const std::string& line) {
  std::vector<Field> fields{{"", 0}};
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back().text += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.push_back({"", static_cast<u32>(i + 1)});
    } else {
      fields.back().text += c;
    }
  }
  for (Field& field : fields) {
    const auto end = field.text.find_last_not_of(" \t\r");
    field.text.resize(end == std::string::npos ? 0 : end + 1);
    field.text.erase(0, field.text.find_first_not_of(" \t"));
  }
  return fields;
}

class TimelineReader {
 public:
  TimelineReader(std::shared_ptr<const SourceText> source, std::vector<Diagnostic>& faults)
      : source_(std::move(source)), faults_(faults) {}

  YamlPtr read() {
    YamlNode events = node(1, 0);
    events.kind = Kind::kSequence;
    std::size_t begin = 0;
    for (u32 number = 1; begin < source_->text.size(); ++number) {
      const std::size_t end = std::min(source_->text.find('\n', begin), source_->text.size());
      const std::string line = source_->text.substr(begin, end - begin);
      begin = end + 1;
      if (line.starts_with('#') || line.find_first_not_of(" \t\r") == std::string::npos) continue;
      if (!headed_)
        head(number, fields_of(line));
      else if (events.items.size() < kMostEvents)
        row(events, number, fields_of(line));
      else
        fault(number, 0, fmt::format("more than {} events", kMostEvents));
      if (!usable_ || events.items.size() > kMostEvents || faults_.size() > kMostFaults) break;
    }
    if (!headed_) fault(1, 0, "the file has no line of columns: t_min,event,tolerance");
    if (headed_ && faults_.empty() && events.items.empty()) fault(1, 0, "the file has no events");
    YamlNode out = node(1, 0);
    out.kind = Kind::kMapping;
    out.entries = {{scalar("events", 1, 0), std::make_shared<const YamlNode>(events)}};
    return std::make_shared<const YamlNode>(out);
  }

 private:
  enum Column : std::size_t { kTime, kEvent, kTolerance, kRegion, kColumns };
  static constexpr std::array<const char*, kColumns> kNames{"t_min", "event", "tolerance",
                                                            "region"};
  static constexpr std::size_t kMostFaults = 100;

  YamlNode node(u32 line, u32 column) const {
    YamlNode made;
    made.line = line;
    made.column = column;
    made.source = source_;
    return made;
  }
  YamlPtr scalar(const std::string& text, u32 line, u32 column) const {
    YamlNode made = node(line, column);
    made.kind = Kind::kScalar;
    made.text = text;
    return std::make_shared<const YamlNode>(made);
  }
  void fault(u32 line, u32 column, const std::string& message) {
    faults_.push_back(source_->at(line, column, "", message));
  }

  void head(u32 line, const std::vector<Field>& fields) {
    headed_ = true;
    std::vector<std::string> names;
    for (const Field& field : fields) names.push_back(field.text);
    for (std::size_t k = 0; k < kColumns; ++k) {
      const auto found = std::find(names.begin(), names.end(), kNames[k]);
      if (found != names.end()) {
        at_[k] = static_cast<std::size_t>(found - names.begin());
        if (std::find(found + 1, names.end(), kNames[k]) != names.end())
          refuse(line, fmt::format("the column {} is there twice", kNames[k]));
      } else if (k != kRegion) {
        const std::string near = nearest_name(kNames[k], names);
        refuse(line, fmt::format("the column {} is missing{}", kNames[k],
                                 near.empty() ? "" : "; is '" + near.substr(0, 60) + "' meant?"));
      }
    }
    columns_ = fields.size();
  }
  void refuse(u32 line, const std::string& message) {
    usable_ = false;
    fault(line, 0, message);
  }

  // The text of minutes as a duration; empty, and reported, if it is none.
  std::string minutes(u32 line, const Field& field, const char* name) {
    double value = 0;
    if (const std::string wrong = parse_number(field.text, value);
        !wrong.empty() || !(value >= 0 && value <= kMostMinutes)) {
      fault(line, field.column,
            fmt::format("{}: '{}': minutes from 0 to {:.0f} are wanted, a number without unit",
                        name, field.text.substr(0, 60), kMostMinutes));
      return "";
    }
    return print(from_seconds(value * 60));
  }

  void row(YamlNode& events, u32 line, const std::vector<Field>& fields) {
    if (fields.size() != columns_)
      return fault(line, 0, fmt::format("{} fields, {} are wanted", fields.size(), columns_));
    const Field& event = fields[*at_[kEvent]];
    const std::string at = minutes(line, fields[*at_[kTime]], kNames[kTime]);
    const std::string tolerance = minutes(line, fields[*at_[kTolerance]], kNames[kTolerance]);
    if (event.text.empty()) fault(line, event.column, "event: the kind of an incident is wanted");
    if (at.empty() || tolerance.empty() || event.text.empty()) return;
    YamlNode made = node(line, 0);
    made.kind = Kind::kMapping;
    const auto add = [&](const char* key, const std::string& text, std::size_t column) {
      const u32 place = fields[column].column;
      made.entries.emplace_back(scalar(key, line, place), scalar(text, line, place));
    };
    add("at", at, *at_[kTime]);
    add("event", event.text, *at_[kEvent]);
    add("tolerance", tolerance, *at_[kTolerance]);
    if (at_[kRegion]) add("region", fields[*at_[kRegion]].text, *at_[kRegion]);
    events.items.push_back(std::make_shared<const YamlNode>(made));
  }

  const std::shared_ptr<const SourceText> source_;
  std::vector<Diagnostic>& faults_;
  std::array<std::optional<std::size_t>, kColumns> at_{};
  std::size_t columns_ = 0;
  bool headed_ = false, usable_ = true;
};

}  // namespace

void PublishedEvent::describe(Schema<PublishedEvent>& s) {
  s.field("at", &PublishedEvent::at).required().at_least(0).help("when it happened");
  s.field("event", &PublishedEvent::event).required().help("kind of incident");
  s.field("tolerance", &PublishedEvent::tolerance)
      .required()
      .at_least(0)
      .help("how much earlier or later it may come");
  s.field("region", &PublishedEvent::region).help("where; left out: anywhere");
}

void PublishedTimeline::describe(Schema<PublishedTimeline>& s) {
  s.field("from", &PublishedTimeline::from)
      .at_least(0)
      .help("time of the run that the published times count from");
  s.field("events", &PublishedTimeline::events)
      .help("what was published; or `file: NAME` of a CSV file with t_min, event, tolerance");
}

YamlPtr published_events(const std::shared_ptr<const SourceText>& source,
                         std::vector<Diagnostic>& faults) {
  return TimelineReader(source, faults).read();
}

}  // namespace stampede
