// The project's own Python, started so that nothing of the user's directory or environment is
// imported in its place.
#pragma once
#include <string>
#include <vector>

namespace stampede {

// Where the package `stampede` of this program lies: beside an installed program, else in the
// source tree that it was built from. Empty if it is at neither place.
std::string python_package_directory();

// The package in the source tree; empty for the program that is installed, which names no tree.
const char* python_sources();

// Runs a module of the package with arguments; what it prints goes to stderr, or to `printed`.
// Paths among them have to be absolute: the module does not start in the user's directory, where
// files such as `matplotlibrc` would be obeyed. The exit code; -1 when it could not be started or a
// package that it needs is not installed.
int run_python_module(const std::string& module, const std::vector<std::string>& arguments,
                      std::string* printed = nullptr);

// Throws InputError if that was -1: `what` wants packages.
void require_python(int code, const std::string& what);
// Runs a module of which the output is the result, and prints that; the exit code of the command.
int print_from_python(const std::string& module, const std::vector<std::string>& arguments);
// Throws InputError where a directory is none that a run wrote.
void require_run(const std::string& directory, const std::string& made_by);

}  // namespace stampede
