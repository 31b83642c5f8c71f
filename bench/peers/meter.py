#!/usr/bin/env python3
"""The meter's time beside librosa's for the same features of one recording, by hand.

    meter.py GRAMMY FILE [--runs N]

Processor seconds, as everything else on the machine disturbs wall time; one thread each, interleaved, the least of N
runs. librosa: one STFT shared by what can share it, so less work than a call a feature. Ours: everything that `grammy
meter` does, reading included. The second table has ours on two threads and in lightweight mode.
"""
import argparse
import os
import resource
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import librosa
import numpy as np
import soundfile


def hear(y, rate):
    """Everything that librosa has of what the meter measures."""
    parts = {}

    def timed(name, function):
        start = time.process_time()
        value = function()
        parts[name] = time.process_time() - start
        return value

    feature = librosa.feature
    spectrum = timed("stft", lambda: librosa.stft(y))
    magnitude = np.abs(spectrum)
    power = magnitude**2
    mel = timed("melspectrogram", lambda: feature.melspectrogram(S=power, sr=rate))
    decibels = timed("power_to_db", lambda: librosa.power_to_db(mel))
    timed("mfcc", lambda: feature.mfcc(S=decibels, sr=rate))
    chroma = timed("chroma_stft", lambda: feature.chroma_stft(S=power, sr=rate))
    timed("tonnetz", lambda: feature.tonnetz(chroma=chroma))
    timed("spectral_centroid", lambda: feature.spectral_centroid(S=magnitude, sr=rate))
    timed("spectral_bandwidth", lambda: feature.spectral_bandwidth(S=magnitude, sr=rate))
    timed("spectral_rolloff", lambda: feature.spectral_rolloff(S=magnitude, sr=rate))
    timed("spectral_contrast", lambda: feature.spectral_contrast(S=magnitude, sr=rate))
    timed("spectral_flatness", lambda: feature.spectral_flatness(S=magnitude))
    timed("zero_crossing_rate", lambda: feature.zero_crossing_rate(y))
    timed("rms", lambda: feature.rms(y=y))
    onset = timed("onset_strength", lambda: librosa.onset.onset_strength(S=decibels, sr=rate))
    timed("beat_track", lambda: librosa.beat.beat_track(onset_envelope=onset, sr=rate))
    timed("estimate_tuning", lambda: librosa.estimate_tuning(S=magnitude, sr=rate))
    timed("hpss", lambda: librosa.effects.hpss(y))
    return parts


def run(command):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grammy")
    parser.add_argument("file")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    command = [options.grammy, "meter", options.file, "--json", "--quiet"]
    y, rate = soundfile.read(options.file, dtype="float32", always_2d=True)
    y = np.ascontiguousarray(y.mean(1))
    seconds = len(y) / rate
    hear(y[: 5 * rate], rate)  # what is compiled at first use
    ways = {
        "standard, 1 thread": ["--threads", "1"],
        "standard, 2 threads": ["--threads", "2"],
        "lightweight, 1 thread": ["--threads", "1", "--lightweight", "true"],
    }
    theirs, ours = {}, {way: (1e9, 1e9) for way in ways}
    for _ in range(options.runs):
        for way, extra in ways.items():
            ours[way] = min(ours[way], run(command + extra))
        for name, spent in hear(y, rate).items():
            theirs[name] = min(spent, theirs.get(name, 1e9))
    total, standard = sum(theirs.values()), ours["standard, 1 thread"][0]
    for name, spent in sorted(theirs.items(), key=lambda part: -part[1]):
        print(f"  {name:22}{spent:8.3f} s")
    print(f"librosa                 {total:8.3f} s of {seconds:.0f} s of sound")
    for way, (spent, wall) in ours.items():
        print(f"{way:24}{spent:8.3f} s, {wall:.3f} s wall, {seconds / wall:.0f} times real time")
    print(f"librosa / standard      {total / standard:8.1f}")
    print(f"standard / lightweight  {standard / ours['lightweight, 1 thread'][0]:8.1f}")


if __name__ == "__main__":
    sys.exit(main())
