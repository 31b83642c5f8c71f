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
