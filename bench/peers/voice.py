#!/usr/bin/env python3
"""How well the meter tells voices, by hand: recordings as they are, and with voices over the second half.

    pip install numpy==2.2.6 scipy==1.15.3 soundfile==0.14.0      (and ffmpeg from the system)
    voice.py GRAMMY COUNT VOICES MUSIC_FOLDER...    VOICES: a .pkl of voice_sets.py, or a folder of singing alone
                                                    [--lightweight]

COUNT stretches of 24 s of music that should have no voice; voices at 6, 0, -6, -12 dB over the music while both sound.
Prints the area under the curve over seconds, by level: how often one with a voice is above one without.
"""
import argparse
import pathlib
import pickle
import random
import subprocess
import tempfile

import numpy as np
import soundfile

from ranks import area
from voice_sets import RATE, cut, files_of, load, rms, room, trim

HALF = 12 * RATE
LEVELS = (6, 0, -6, -12)


def heard(grammy, x, options):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "x.wav"
        soundfile.write(path, x, RATE)
        subprocess.run([grammy, "meter", path, "--series", folder, "--quiet", "--features"] + options, check=True,
                       stdout=subprocess.DEVNULL)
        return np.load(pathlib.Path(folder) / "voice_likeness.npy")


def read_voices(path):
    if path.endswith(".pkl"):
        return pickle.load(open(path, "rb"))
    return {"singing": [x for x in (trim(load(p)) for p in files_of(path, 0)) if len(x)]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grammy")
    parser.add_argument("count", type=int)
    parser.add_argument("voices")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--lightweight", action="store_true")
    a = parser.parse_args()
    rng, options = random.Random(3), ["--lightweight", "true" if a.lightweight else "false"]
    voices, music = read_voices(a.voices), [p for f in a.folders for p in files_of(f, 20000)]
    rng.shuffle(music)
    without, by, files = [], {}, {"without": []}
    for path in music:
        if len(files["without"]) == a.count:
            break
        x = load(path, 20, 24)
        if len(x) < 2 * HALF or rms(x[:HALF]) < 1e-3 or rms(x[HALF:]) < 1e-3:
            continue
        x = 0.05 * x[:2 * HALF] / rms(x)
        plain = heard(a.grammy, x, options)
        without += plain[:24].tolist()
        files["without"].append(np.sort(plain)[len(plain) * 9 // 10])
        kind = rng.choice(sorted(voices))
        level = LEVELS[len(files["without"]) % len(LEVELS)]
        y = room(cut(rng.choice(voices[kind]), rng, HALF), rng)
        loud = np.sqrt(np.convolve(y**2, np.ones(1103) / 1103, "same")) > 0.12 * rms(y)
        mixed = x.copy()
        mixed[HALF:] += rms(x[HALF:][loud]) / rms(y[loud]) * 10 ** (level / 20) * y
        found = heard(a.grammy, mixed / max(1, np.abs(mixed).max()), options)[12:24]
        sounding = loud[:12 * RATE].reshape(12, RATE).mean(1) >= 0.35
        by.setdefault((kind, level), []).extend(found[sounding].tolist())
        files.setdefault((kind, level), []).append(np.sort(found)[len(found) * 9 // 10])
    print(f"without: {len(without)} s of {len(files['without'])}, {100 * np.mean(np.array(without) > 0.5):.1f} % over a "
          f"half; {100 * np.mean(np.array(files['without']) > 0.5):.0f} % of the recordings")
    for key in sorted(by):
        values = np.array(without + by[key])
        print(f"{key[0]} at {key[1]} dB: {len(by[key])} s, area {area(np.arange(len(values)) >= len(without), values):.3f}, "
              f"{100 * np.mean(np.array(by[key]) > 0.5):.0f} % over a half")
    every = [v for values in by.values() for v in values]
    values = np.array(without + every)
    print(f"all: area {area(np.arange(len(values)) >= len(without), values):.3f}")


if __name__ == "__main__":
    main()
