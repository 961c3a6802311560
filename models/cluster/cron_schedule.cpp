#include "models/cluster/cron_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <sstream>

namespace stampede::cluster {
namespace {

constexpr i64 kMinute = 60, kHour = 3600, kDay = 86'400;

struct Date {
  i64 year = 1970;
  unsigned month = 1, day = 1;
};

// Of the proleptic Gregorian calendar; days since 1970-01-01, not before it.
bool leap(i64 year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }
unsigned days_in(i64 year, unsigned month) {
  constexpr std::array<unsigned, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[month - 1] + (month == 2 && leap(year) ? 1 : 0);
}
Date date_of(i64 day) {
  Date date;
  while (day >= (leap(date.year) ? 366 : 365)) day -= leap(date.year++) ? 366 : 365;
  while (day >= days_in(date.year, date.month)) day -= days_in(date.year, date.month++);
  date.day = static_cast<unsigned>(day) + 1;
  return date;
}
i64 day_of(i64 year, unsigned month, unsigned day) {
  i64 days = day - 1;
  for (i64 y = 1970; y < year; ++y) days += leap(y) ? 366 : 365;
  for (unsigned m = 1; m < month; ++m) days += days_in(year, m);
  return days;
}
unsigned week_day(i64 day) { return static_cast<unsigned>((day + 4) % 7); }  // 0: Sunday

i64 nth_sunday(i64 year, unsigned month, unsigned nth) {
  const i64 first = day_of(year, month, 1);
  return first + (7 - week_day(first)) % 7 + 7 * (nth - 1);
}
i64 last_sunday(i64 year, unsigned month) {
  const i64 last = day_of(year, month, days_in(year, month));
  return last - week_day(last);
}

enum class Summer : u8 { kNever, kEurope, kAmerica, kAustralia, kNewZealand };

// Whether summer time holds; `standard`: the zone's offset without it [s].
bool summer(Summer rule, i64 utc, i64 standard) {
  const i64 year = date_of(utc / kDay).year;
  const auto at = [&](i64 day, i64 hour) { return day * kDay + hour * kHour - standard; };
  i64 from = 0, until = 0;
  switch (rule) {
    case Summer::kNever:
      return false;
    case Summer::kEurope:
      return utc >= last_sunday(year, 3) * kDay + kHour &&
             utc < last_sunday(year, 10) * kDay + kHour;
    case Summer::kAmerica:
      from = at(nth_sunday(year, 3, 2), 2), until = at(nth_sunday(year, 11, 1), 1);
      return utc >= from && utc < until;
    case Summer::kAustralia:
      from = at(nth_sunday(year, 10, 1), 2), until = at(nth_sunday(year, 4, 1), 2);
      break;
    case Summer::kNewZealand:
      from = at(last_sunday(year, 9), 2), until = at(nth_sunday(year, 4, 1), 2);
      break;
  }
  return utc >= from || utc < until;
}

struct Zone {
  int minutes;  // east of Greenwich, without summer time
  Summer rule = Summer::kNever;
};

const std::map<std::string, Zone>& zones() {
  constexpr Summer kEurope = Summer::kEurope, kAmerica = Summer::kAmerica;
  static const std::map<std::string, Zone> known = [] {
    std::map<std::string, Zone> all{
        {"Asia/Kolkata", {330}},     {"Asia/Calcutta", {330}},
        {"Asia/Kathmandu", {345}},   {"Australia/Adelaide", {570, Summer::kAustralia}},
        {"Australia/Darwin", {570}}, {"Pacific/Auckland", {720, Summer::kNewZealand}}};
    const auto add = [&](int hours, Summer rule, std::initializer_list<const char*> names) {
      for (const char* name : names) all[name] = {60 * hours, rule};
    };
    const auto plain = [&](int hours, std::initializer_list<const char*> names) {
      add(hours, Summer::kNever, names);
    };
    plain(0, {"UTC", "GMT", "Etc/UTC", "Etc/GMT", "Etc/UCT", "Zulu", "Africa/Abidjan",
              "Africa/Accra", "Atlantic/Reykjavik"});
    add(0, kEurope, {"Europe/London", "Europe/Dublin", "Europe/Lisbon", "WET"});
    add(1, kEurope,
        {"Europe/Amsterdam",  "Europe/Belgrade", "Europe/Berlin",     "Europe/Bratislava",
         "Europe/Brussels",   "Europe/Budapest", "Europe/Copenhagen", "Europe/Ljubljana",
         "Europe/Luxembourg", "Europe/Madrid",   "Europe/Oslo",       "Europe/Paris",
         "Europe/Prague",     "Europe/Rome",     "Europe/Stockholm",  "Europe/Vienna",
         "Europe/Warsaw",     "Europe/Zagreb",   "Europe/Zurich",     "CET"});
    add(2, kEurope,
        {"Europe/Athens", "Europe/Bucharest", "Europe/Helsinki", "Europe/Kiev", "Europe/Kyiv",
         "Europe/Riga", "Europe/Sofia", "Europe/Tallinn", "Europe/Vilnius", "EET"});
    plain(1, {"Africa/Lagos", "Africa/Algiers"});
    plain(2, {"Africa/Johannesburg"});
    plain(3, {"Europe/Istanbul", "Europe/Moscow", "Europe/Minsk", "Asia/Riyadh", "Asia/Baghdad",
              "Africa/Nairobi"});
    plain(4, {"Asia/Dubai"});
    plain(5, {"Asia/Karachi", "Asia/Tashkent"});
    plain(6, {"Asia/Dhaka"});
    plain(7, {"Asia/Bangkok", "Asia/Ho_Chi_Minh", "Asia/Jakarta"});
    plain(8, {"Asia/Shanghai", "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "Asia/Manila",
              "Asia/Kuala_Lumpur", "Australia/Perth", "PRC", "Hongkong", "Singapore"});
    plain(9, {"Asia/Tokyo", "Asia/Seoul", "Japan", "ROK"});
    plain(10, {"Australia/Brisbane"});
    add(10, Summer::kAustralia, {"Australia/Sydney", "Australia/Melbourne", "Australia/Hobart"});
    plain(-3, {"America/Sao_Paulo", "America/Argentina/Buenos_Aires", "America/Buenos_Aires"});
    plain(-5, {"America/Bogota", "America/Lima", "America/Panama", "EST"});
    plain(-6, {"America/Mexico_City", "America/Costa_Rica", "America/Regina"});
    plain(-7, {"America/Phoenix", "US/Arizona", "MST"});
    plain(-10, {"Pacific/Honolulu", "US/Hawaii", "HST"});
    add(-4, kAmerica, {"America/Halifax"});
    add(-5, kAmerica,
        {"America/New_York", "America/Toronto", "America/Detroit", "US/Eastern", "EST5EDT",
         "America/Montreal"});
    add(-6, kAmerica, {"America/Chicago", "America/Winnipeg", "US/Central", "CST6CDT"});
    add(-7, kAmerica, {"America/Denver", "America/Edmonton", "US/Mountain", "MST7MDT"});
    add(-8, kAmerica, {"America/Los_Angeles", "America/Vancouver", "US/Pacific", "PST8PDT"});
    add(-9, kAmerica, {"America/Anchorage", "US/Alaska"});
    for (int h = 1; h <= 14; ++h) all[fmt::format("Etc/GMT-{}", h)] = {60 * h};
    for (int h = 1; h <= 12; ++h) all[fmt::format("Etc/GMT+{}", h)] = {-60 * h};
    return all;
  }();
  return known;
}

// ---- the five fields
struct Field {
  const char* name;
  unsigned least, most;
  std::vector<std::string> words;  // of `least` and on
};

const std::array<Field, 5>& fields() {
  static const std::array<Field, 5> all{
      {{"minute", 0, 59, {}},
       {"hour", 0, 23, {}},
       {"day of the month", 1, 31, {}},
       {"month",
        1,
        12,
        {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
       {"day of the week", 0, 6, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}}};
  return all;
}

std::optional<unsigned> value_of(std::string text, const Field& field) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (std::size_t i = 0; i < field.words.size(); ++i)
    if (text == field.words[i]) return field.least + static_cast<unsigned>(i);
  unsigned value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}

// One of a list: a value, a range, *, each with a step perhaps. 0 if it is none.
u64 bits_of(const std::string& item, const Field& field, bool& any) {
  const std::size_t slash = item.find('/');
  const std::string range = item.substr(0, slash);
  unsigned step = 1;
  if (slash != std::string::npos) {
    const auto read = value_of(item.substr(slash + 1), {field.name, 0, 0, {}});
    if (!read || *read == 0) return 0;
    step = *read;
  }
  unsigned from = field.least, to = field.most;
  if (range == "*" || range == "?") {
    any |= step == 1;
  } else {
    const std::size_t dash = range.find('-');
    const auto first = value_of(range.substr(0, dash), field);
    const auto last = dash == std::string::npos ? first : value_of(range.substr(dash + 1), field);
    if (!first || !last) return 0;
    from = *first;
    // `5/10`: from 5 to the end.
    if (dash != std::string::npos || slash == std::string::npos) to = *last;
  }
  if (from < field.least || to > field.most || from > to) return 0;
  u64 bits = 0;
  for (unsigned v = from; v <= to; v += step) bits |= u64{1} << v;
  return bits;
}

std::string spelled_out(const std::string& text) {
  static const std::map<std::string, std::string> kNames{
      {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
      {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
      {"@hourly", "0 * * * *"}};
  const auto named = kNames.find(text);
  return named == kNames.end() ? text : named->second;
}

}  // namespace

std::optional<i64> zone_offset(const std::string& zone, i64 utc) {
  const auto known = zones().find(zone);
  if (known == zones().end()) return std::nullopt;
  const i64 standard = known->second.minutes * kMinute;
  return standard + (summer(known->second.rule, utc, standard) ? kHour : 0);
}

CronSchedule::CronSchedule(const std::string& text, std::string& error) {
  std::istringstream words(spelled_out(text));
  std::vector<std::string> parts;
  for (std::string word; words >> word;) parts.push_back(word);
  if (parts.size() != fields().size()) {
    error = fmt::format("'{}': five fields are wanted, such as `0 8 * * 1-5`", text.substr(0, 60));
    return;
  }
  const std::array<u64*, 5> into{&minutes_, &hours_, &month_days_, &months_, &week_days_};
  std::array<bool, 5> any{};
  for (std::size_t f = 0; f < fields().size(); ++f) {
    std::istringstream list(parts[f]);
    for (std::string item; std::getline(list, item, ',');) {
      const u64 bits = bits_of(item, fields()[f], any[f]);
      if (bits == 0) {
        error = fmt::format("'{}' is no {}", item.substr(0, 30), fields()[f].name);
        return;
      }
      *into[f] |= bits;
    }
  }
  any_month_day_ = any[2];
  any_week_day_ = any[4];
}

// Where both kinds of day are limited, one of them is enough.
bool CronSchedule::on_day(i64 day) const {
  const Date date = date_of(day);
  if ((months_ >> date.month & 1) == 0) return false;
  const bool of_month = (month_days_ >> date.day & 1) != 0;
  const bool of_week = (week_days_ >> week_day(day) & 1) != 0;
  return any_month_day_ || any_week_day_ ? of_month && of_week : of_month || of_week;
}

std::optional<i64> CronSchedule::next(i64 local) const {
  constexpr i64 kDays = 5 * 366;
  const i64 from = (local / kMinute + 1) * kMinute;
  for (i64 day = from / kDay; day < from / kDay + kDays; ++day) {
    if (!on_day(day)) continue;
    const i64 first = std::max(from, day * kDay);
    for (i64 hour = first % kDay / kHour; hour < 24; ++hour) {
      if ((hours_ >> hour & 1) == 0) continue;
      const i64 begin = std::max(first, day * kDay + hour * kHour);
      for (i64 minute = begin % kHour / kMinute; minute < 60; ++minute)
        if ((minutes_ >> minute & 1) != 0) return day * kDay + hour * kHour + minute * kMinute;
    }
  }
  return std::nullopt;
}

std::string CronWindow::error() const {
  std::string wrong;
  for (const std::string& text : {start, end}) {
    const CronSchedule schedule(text, wrong);
    if (wrong.empty() && !schedule.next(0))
      wrong = fmt::format("'{}' is no time that comes", text.substr(0, 60));
    if (!wrong.empty()) return wrong;
  }
  if (start == end) return "start and end are the same time";
  if (!zone_offset(zone, 0))
    return fmt::format(
        "the time zone '{}' is not known here; write one of its offset, such as "
        "Etc/GMT-8, which is 8 hours east",
        zone.substr(0, 60));
  return "";
}

bool CronWindow::holds(i64 utc) const {
  std::string wrong;
  const i64 local = utc + zone_offset(zone, utc).value_or(0);
  const auto begins = CronSchedule(start, wrong).next(local);
  const auto ends = CronSchedule(end, wrong).next(local);
  return ends && (!begins || *ends <= *begins);
}

}  // namespace stampede::cluster
