#!/bin/sh
# Does every #include respect the order of the rooms (src/rooms.txt)? A room may include the faces of rooms above it
# (src/<room>/<room>.h, and base/compiler.h) and all that is its own.   rooms.sh SOURCE_ROOT
cd "$1/src" || exit 1
find . -name '*.[ch]' | sort | xargs awk '
    BEGIN { while ((getline line < "rooms.txt") > 0) if (line !~ /^(#|$)/) place[line] = ++rooms }
    FNR == 1 { split(FILENAME, part, "/"); room = part[2]; if (!(room in place)) complain("is in no room of rooms.txt") }
    function complain(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; wrong = 1 }
    /^[ \t]*#[ \t]*include[ \t]*"/ {
        split($0, quoted, "\"")
        header = quoted[2]
        if (split(header, step, "/") < 2) complain("\"" header "\": a header is named with its room")
        else if (step[1] == room) next
        else if (!(step[1] in place)) complain("\"" header "\": there is no such room")
        else if (place[step[1]] > place[room]) complain(room " may not know " step[1])
        else if (header != step[1] "/" step[1] ".h" && header != "base/compiler.h")
            complain("\"" header "\" is not the face of " step[1])
    }
    END { exit wrong }'
