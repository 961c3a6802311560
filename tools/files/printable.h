// Text that came from a file or a command line, as a terminal may show it: nothing in it moves the
// cursor, changes colours or turns the direction of writing.
// Source: Unicode 15, general categories Cc and the bidirectional formatting characters of
// Unicode Technical Report 36; RFC 3629 for UTF-8.
#pragma once
#include <string>
#include <string_view>

namespace stampede {

// Bytes of the UTF-8 character at `i`; 0 where there is none: overlong forms, surrogates and values
// beyond U+10FFFF are no characters.
std::size_t utf8_length(std::string_view text, std::size_t i);

// Control characters, marks of direction and bytes that are no text become `\x1b` or `\u202e`. In
// JSON text only the latter form can occur, so that it stays JSON.
std::string printable(std::string_view text);        // one line: its ends and tabs are shown too
std::string printable_lines(std::string_view text);  // ends of lines and tabs stay as they are

}  // namespace stampede
