#!/bin/sh
# Runs the example in a folder of its own and looks at what it made.   test.sh PROGRAM
set -eu
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
XDG_CONFIG_HOME=$folder "$program"
for file in master.wav master.mp3 song.mid release.json report.html; do
    [ -s "track/$file" ] || { echo "track/$file is missing or empty"; exit 1; }
done
