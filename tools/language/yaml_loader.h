// YAML -> any described struct (sim/params.h), every fault reported in one run, and where each
// value came from. Knows no particular scenario.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/params.h"
#include "tools/files/allowed_paths.h"
#include "tools/language/diagnostics.h"
#include "tools/language/inclusion.h"
#include "tools/language/yaml_tree.h"

namespace stampede {

// What is known of the values of a loaded object by their path, such as spec.regions[0].share.
struct Provenance {
  std::map<std::string, std::string> origins;  // leaf -> `default`, `file:line`, `--set`, ...
  struct Place {
    u32 line = 0, byte_column = 0;
    std::string option;  // of a value set on the command line, in its own words
    std::shared_ptr<const SourceText> included{};  // the file it stands in, if it is another
  };
  std::map<std::string, Place> places;  // every value written in the file or by an option
  SourceText source;
  std::vector<Diagnostic> notes;  // what was assumed of included files

  // A fault at `path`, shown where it or the nearest value around it was written.
  Diagnostic locate(const std::string& path, const std::string& message) const;
};

// What stands in `--set` is said by the person at the command line, not by a file.
inline constexpr const char* kSetOption = "--set";

// A change made on the command line: `--set spec.seed=7`.
struct Override {
  std::string path, value;
  std::string option = kSetOption;  // named in messages and origins
  double times = 0;                 // not 0: what stands there so many times, instead of `value`
};

class YamlLoader {
 public:
  // `object` is of the kStruct `type` and holds its defaults. Files that the source includes lie
  // below its own directory or `allowed`.
  YamlLoader(const TypeInfo& type, void* object, SourceText source, AllowedPaths allowed = {});
  // Reads the source. Faults are kept, not thrown, but for text that is no YAML (InputError).
  void read_source();
  // Adds a registered entry with its default parameters to the list of selections at `path`.
  void add_selection(const std::string& path, const std::string& name, const std::string& option);
  // Elements of lists are addressed by index, by their `name`, or by their selector's value.
  void set(const Override& change);
  // What inherits (FieldInfo::inherits) is read by this: once what it inherits from stands. Before
  // it, what the source says there is put off; after it, `set` changes the copies.
  void inherit();
  // The value at `path` holds again wherever something inherits it and says otherwise so far; [*]
  // stands for every element of a list, `option` is what brought this.
  void inherit_again(const std::string& path, const std::string& option);
  // Throws InputError if anything was wrong; else gives what is known of each value.
  Provenance finish();
  void fault(const std::string& path, const std::string& message);
  // Does the file or an option so far say what stands at `path`?
  bool says(const std::string& path) const { return known_.places.count(path) != 0; }

 private:
  struct Target {  // where a path of an option leads
    const TypeInfo* type = nullptr;
    void* object = nullptr;
    const FieldInfo* field = nullptr;
    std::string path;  // canonical: elements by index
  };
  void read(const YamlNode& node, const TypeInfo& type, void* object, const FieldInfo* field,
            const std::string& path);
  void read_scalar(const YamlNode& node, const TypeInfo& type, void* object, const FieldInfo* field,
                   const std::string& path);
  void read_list(const YamlNode& node, const TypeInfo& type, void* object, const FieldInfo* field,
                 const std::string& path);
  void read_selection(const YamlNode& node, const TypeInfo& type, void* object,
                      const std::string& path);
  static YamlNode with_inlined(const YamlNode& node, const TypeInfo& type);
  YamlNode with_included(const YamlNode& node, const TypeInfo& type, const std::string& path);
  YamlPtr read_included(const YamlNode& name, const Inclusion& inclusion,
                        const InclusionKeys& beside, const std::string& path);
  InclusionKeys take_beside(YamlNode& out, const Inclusion& inclusion, const std::string& path);
  void read_own(const YamlNode& node, const TypeInfo& type, void* object, const FieldInfo& field,
                const std::string& path);
  void read_elements(const YamlNode& node, const TypeInfo& type, void* object,
                     const FieldInfo* field, const std::string& path);
  std::optional<std::size_t> place_of(const YamlNode& item, const TypeInfo& type, void* object,
                                      std::size_t index, const std::string& path);
  void* own(const TypeInfo& type, void* object, const FieldInfo& field, const std::string& path);
  bool below_own(const std::string& path) const;
  void read_fields(const YamlNode& node, const TypeInfo& type, void* object,
                   const std::string& selector, const std::string& path);
  bool select(const YamlNode& at, const TypeInfo& type, Selection& selection,
              const std::string& name, const std::string& path);
  std::string missing_key(const FieldInfo& field) const;
  bool step(Target& target, const std::string& token, bool index);
  static std::string multiplied(const Target& target, double times);
  std::optional<Target> find(const std::string& path);
  void report(const YamlNode& at, const std::string& path, const std::string& message);
  void mark(const YamlNode& at, const std::string& path, bool leaf);
  void forget(const std::string& path);
  bool enough() const;  // faults, to tell them all

  const TypeInfo& type_;
  void* object_;
  Provenance known_;
  AllowedPaths allowed_;
  std::vector<Diagnostic> faults_, notes_;
  std::size_t not_told_ = 0;  // faults beyond those
  // Required keys that are missing; an option may still give them.
  std::map<std::string, Diagnostic> missing_;
  const TypeInfo* around_ = nullptr;         // the struct whose inlined selection is being read
  std::map<std::string, YamlNode> put_off_;  // by path: what is read once it can inherit
  std::map<std::string, std::string> own_;   // copies: path -> path of what they inherit
  bool inheriting_ = false;                  // what is inherited stands
  bool changing_ = false;                    // a copy is being read: it needs no required keys
  bool anew_ = false;                        // an element of a list, which has them all
  std::string option_, option_text_;         // while a command-line option is being applied
};

// Paths of all leaves of an object in the order of description; a null optional or an empty list
// is a leaf.
std::vector<std::string> leaf_paths(const TypeInfo& type, const void* object,
                                    const std::string& path = "");

std::string child_path(const std::string& path, const std::string& key);
std::string element_path(const std::string& path, std::size_t index);

// Names registered under a category, sorted.
std::vector<std::string> registered_names(const std::string& category);
// What is said of a name that none of a category has: the nearest one, all of few, or who lists
// them.
std::string registered_suggestion(const std::string& category, const std::string& name);

// What is said of a key that `type`, at `path`, does not have; where those that it has are too many
// to list, the command that lists them.
std::string unknown_key(const std::string& path, const TypeInfo& type, const std::string& key,
                        const std::vector<std::string>& valid);

// A bound given in base units, written as a value of this kind would be.
std::string bound_text(ValueKind kind, double bound);

}  // namespace stampede
