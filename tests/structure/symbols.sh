#!/bin/sh
# Does every name that the libraries give away start with grm_?   symbols.sh NM STATIC_LIBRARY SHARED_LIBRARY
nm=$1
{ "$nm" -g --defined-only "$2" && "$nm" -D --defined-only "$3"; } | awk '
    NF == 3 && $2 ~ /^[A-TV-Z]$/ {
        names++
        # What sanitizers and the linker add is not ours.
        if ($3 !~ /^(grm_|__|_init$|_fini$|asan\.|___)/) { print $3; wrong = 1 }
    }
    END { exit wrong || names == 0 }'
