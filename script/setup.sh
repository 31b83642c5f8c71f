# Read by the scripts beside it: finds the project, installs what is missing. POSIX sh, nothing else is there yet.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$root/build

say() { printf '%s\n' "$*" >&2; }

# packages SECTION...: the names in those sections of the list.
packages() {
    for section in "$@"; do
        section_found=
        while read -r line; do
            case $line in
                "[$section]") section_found=1 ;;
                '['*) section_found= ;;
                '' | '#'*) ;;
                *) [ -z "$section_found" ] || printf '%s\n' "$line" ;;
            esac
        done < "$root/script/packages.txt"
    done
}

# missing NAME...: those of the packages that are not installed.
missing() {
    installed=$(dpkg-query -W -f='${Package}=${db:Status-Status}\n' "$@" 2>/dev/null || true)
    for name in "$@"; do
        case "
$installed
" in
            *"
$name=installed
"*) ;;
            *) printf '%s ' "$name" ;;
        esac
    done
}

stop_with_list() {
    say "$1"
    say "Grammy Engine needs these packages (Debian's names):"
    say "    $2"
    exit 1
}

# require SECTION...: installs what is missing of the sections; says what to install where that is impossible.
require() {
    # shellcheck disable=SC2046  # one word a package
    set -- $(packages "$@")
    command -v apt-get >/dev/null 2>&1 && command -v dpkg-query >/dev/null 2>&1 ||
        stop_with_list "apt is not here, so the packages have to be installed by hand." "$*"
    wanted=$(missing "$@")
    [ -n "$wanted" ] || return 0
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || stop_with_list "Neither root nor sudo: nothing can be installed." "$wanted"
        as_root=sudo
    fi
    say "Installing: $wanted"
    # The lists of a fresh system are empty and those of an old one name files that are gone: then they are fetched.
    apt_install 2>/dev/null || { apt_get update && apt_install; } ||
        stop_with_list "apt could not install what is missing." "$wanted"
}

apt_get() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" </dev/null >&2
}

apt_install() {
    # shellcheck disable=SC2086  # one word a package
    apt_get install -y --no-install-recommends $wanted >/dev/null
}

# Builds what is given (everything by default) in build/; on a terminal with the progress of it, else only its errors.
build_project() {
    # A build folder that was made for sources elsewhere (a copy, a move) cannot be used again.
    if [ -f "$build/.source" ] && [ "$(cat "$build/.source")" != "$root" ]; then rm -rf "$build"; fi
    if [ ! -f "$build/build.ninja" ]; then
        say "Configuring"
        mkdir -p "$build"
        # shellcheck disable=SC2086  # words for meson, from CI
        meson setup ${MESON_ARGS:-} "$build" "$root" > "$build/setup.log" 2>&1 ||
            { tail -30 "$build/setup.log" >&2; say "Configuring failed; all of it is in $build/setup.log"; exit 1; }
        printf '%s\n' "$root" > "$build/.source"
    fi
    if [ -t 2 ]; then
        ninja -C "$build" "$@" >&2
    else
        say "Building"
        ninja -C "$build" "$@" > "$build/build.log" 2>&1 || { cat "$build/build.log" >&2; exit 1; }
    fi
}

# Runs the tests of a build folder and prints "N passed, N failed" last. Test functions are counted, not programs.
#   run_tests FOLDER [WORD FOR MESON TEST]...
run_tests() {
    test_build=$1
    shift
    test_status=0
    rm -f "$test_build/meson-logs/testlog.json"
    CMOCKA_MESSAGE_OUTPUT=TAP meson test -C "$test_build" --no-rebuild --print-errorlogs "$@" || test_status=$?
    # A line of JSON a program; what its functions said is in "stdout", with \n between.
    awk '
        { good = gsub(/(\\n|")ok [0-9]+/, "&"); bad = gsub(/(\\n|")not ok [0-9]+/, "&") }
        good + bad == 0 { good = /"result": "OK"/ }
        !/"result": "(OK|SKIP|EXPECTEDFAIL)"/ && bad == 0 { bad = 1 }
        { passed += good; failed += bad }
        END { printf "%d passed, %d failed\n", passed, failed; exit failed > 0 || passed == 0 }
    ' "$test_build/meson-logs/testlog.json" || test_status=1
    return "$test_status"
}
