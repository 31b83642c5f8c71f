#!/bin/sh
# Does every public header compile alone, as C17 and as C++?   headers.sh SOURCE_ROOT C_COMPILER...
root=$1
shift
wrong=0
cxx=
for candidate in clang++ g++; do
    echo 'int main() { return 0; }' | "$candidate" -x c++ -fsyntax-only - 2>/dev/null && cxx=$candidate && break
done
[ -n "$cxx" ] || echo "# no C++ compiler is installed: C alone is tried"
for header in "$root"/include/grammy/*.h; do
    name=grammy/$(basename "$header")
    printf '#include <%s>\nextern int not_empty;\n' "$name" |
        "$@" -x c -std=c17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$root/include" - || wrong=1
    [ -z "$cxx" ] || printf '#include <%s>\nextern int not_empty;\n' "$name" |
        "$cxx" -x c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$root/include" - || wrong=1
done
exit $wrong
