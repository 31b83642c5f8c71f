#!/usr/bin/env python3
"""The same song rendered well and worse: what the meter says of both. By hand, never a test: a minute a song.

    pip install numpy scipy soundfile            (ffmpeg for the step of MP3)

    worse.py build/grammy [--style pop --style rock ...] [--length 1:30] [--seed 3] [--lightweight] [--keep DIR]

Each song is made once by `grammy make`. Then from the same notes and stems: the dry sum, the same mastered, the mix without
a master, wrong balances (mastered), the master pushed into a limiter, in mono, clipped, and as MP3. Every one of them must
score lower than the master, in the whole and in production quality, judged as its style.
The small SoundFont of lightweight mode is another instrument rather than a fault, so it is shown, and not counted.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

import ladder

LEAD, BASS = ("lead", "melody", "tune"), ("bass",)
SHOWN_ALONE = {"small SoundFont"}


def run(*words):
    return subprocess.run([str(w) for w in words], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def sum_of(folder, gain_of=lambda name: 0):
    total = 0
    for path in sorted(folder.glob("*.wav")):
        x, rate = soundfile.read(path, always_2d=True)
        total = total + x * 10 ** (gain_of(path.stem) / 20)
    return total, rate


def unbalanced(name):
    """The lead 9 dB softer, the bass 8 dB louder."""
    return -9 if any(w in name for w in LEAD) else 8 if any(w in name for w in BASS) else 0


def write(path, x, rate):
    soundfile.write(path, x * min(1, 0.89 / np.abs(x).max()), rate, subtype="FLOAT")
    return path


def renderings(options, style, folder):
    """Names and files; the first is the well-made one."""
    make = [options.grammy, "make", f"{style} {options.length}", "--seed", options.seed, "--quiet", "--force", "--json"]
    run(*make, "--dry-stems", "-o", folder / "song")
    song = folder / "song"
    yield "master", song / "master.wav"
    master, rate = soundfile.read(song / "master.wav", always_2d=True)

    def mastered(name, x, *how):
        mix = write(folder / f"{name}-mix.wav", x, rate)
        run(options.grammy, "master", mix, "-o", folder / f"{name}.wav", "--quiet", "--target", "spotify", "--genre", style, *how)
        return folder / f"{name}.wav"

    dry, _ = sum_of(song / "stems" / "dry")
    wet, _ = sum_of(song / "stems")
    yield "dry sum", write(folder / "dry.wav", dry, rate)
    yield "dry sum, mastered", mastered("dry-mastered", dry)
    yield "mix, no master", write(folder / "mix.wav", wet, rate)
    # not by ear, which would mend it
    how = "--tone", "balanced", "--compression", "light", "--width", "1"
    yield "lead -9, bass +8 dB", mastered("unbalanced", sum_of(song / "stems", unbalanced)[0], *how)
    yield "limited by 6 dB more", write(folder / "limited.wav", ladder.limit(master, rate, 6), rate)
    yield "clipped by 3 dB", write(folder / "clipped.wav", ladder.clip(master, rate, 3), rate)
    yield "mono", write(folder / "mono.wav", ladder.narrow(master, rate, 0), rate)
    yield "MP3, 64 kbit/s", write(folder / "mp3.wav", ladder.mp3(master, rate, 64), rate)
    run(*make, "--lightweight", "true", "-o", folder / "light")
    yield "small SoundFont", folder / "light" / "master.wav"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grammy")
    parser.add_argument("--style", action="append")
    parser.add_argument("--length", default="1:30")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--lightweight", action="store_true")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    wrong = 0
    for style in options.style or ("pop", "rock", "jazz-swing", "house"):
        with tempfile.TemporaryDirectory() as temporary:
            folder = (options.keep or Path(temporary)) / style
            folder.mkdir(parents=True, exist_ok=True)
            best = None
            for name, path in renderings(options, style, folder):
                words = [options.grammy, "meter", "--json", "--quiet", path, "--genre", style]
                heard = json.loads(run(*words, "--lightweight", str(options.lightweight).lower()))
                now = heard["overall"], heard["categories"]["production_quality"]["score"]
                best = best or now
                higher = name not in SHOWN_ALONE and name != "master" and (now[0] >= best[0] or now[1] >= best[1])
                wrong += higher
                print(f"{style:12s} {name:22s} {now[0]:6.1f} {now[1]:6.1f}{'   NOT LOWER' if higher else ''}", flush=True)
    print(f"{wrong} renderings are not lower than the master")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
