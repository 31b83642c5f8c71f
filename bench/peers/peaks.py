"""Masters of the worst there is between the samples: what true peaks others find in the files.

    python3 -m venv VENV; VENV/bin/pip install numpy scipy soundfile      # and ffmpeg from the system
    VENV/bin/python bench/peers/peaks.py build/grammy [--rates HZ,HZ ...] [--targets NAME,NAME ...] [--kinds wav,flac ...] [--all]

Each file is measured at eight points a sample by SciPy's polyphase filter and by Fourier's ideal one, by FFmpeg's ebur128
(four points) and by grammy meter; loudness is FFmpeg's. A line for each file that is over its ceiling or off its loudness
without having said so; with --all, for each file. Lossy files are measured decoded, against the ceiling all the same.
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy.signal import firwin2, lfilter, resample, resample_poly

SECONDS = 6


def signals(rate):
    n = SECONDS * rate
    i = np.arange(n)
    rng = np.random.default_rng(1)
    noise = rng.standard_normal(n)
    wide = lfilter(firwin2(511, [0, 0.97, 0.99, 1], [1, 1, 0, 0]), 1, noise)  # to 0.49 of the rate
    clicks = np.zeros(n)
    clicks[:: rate // 7] = 1
    twos = np.zeros(n)
    twos[:: rate // 9] = twos[1 :: rate // 9] = 1
    bed = 0.03 * lfilter(firwin2(255, [0, 0.2, 0.25, 1], [1, 1, 0, 0]), 1, noise)
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * i / rate * 0.7)
    steady = {
        "fs/4 45 degrees": np.sin(np.pi * i / 2 + np.pi / 4),
        "fs/3": np.sin(2 * np.pi * i / 3 + 1.0),
        "fs/6": np.sin(np.pi * i / 3 + np.pi / 6),
        "fs/4, swelling": swell * np.sin(np.pi * i / 2 + np.pi / 4),
        "++--": np.where(i % 4 < 2, 1.0, -1.0),
        "++-- in bursts": np.where(i % 4 < 2, 1.0, -1.0) * (i // 2000 % 3 == 0) + bed,
        "clicks": clicks + bed,
        "double clicks": twos + bed,
        "random +-1": np.sign(rng.standard_normal(n)),
        "random +-1, runs": np.repeat(np.sign(rng.standard_normal(n // 5 + 1)), 5)[:n],
        "square 997 Hz": np.sign(np.sin(2 * np.pi * 997 * i / rate)),
        "square 41 Hz": np.sign(np.sin(2 * np.pi * 41 * i / rate)),
        "noise to 0.49": wide / np.abs(wide).max(),
        "sine 0.45": np.sin(2 * np.pi * 0.45 * i + 0.3),
        "two sines at 0.49": 0.5 * np.sin(2 * np.pi * 0.487 * i) + 0.5 * np.sin(2 * np.pi * 0.479 * i + 1),
        "sweep": np.sin(np.pi * 0.499 * i * i / n),
    }
    struck = np.exp(-20 * (i / rate % 0.23))  # as a drum is, so that the limiter has to work
    return steady | {f"{name}, struck": x * struck for name, x in steady.items()}


def db(x):
    return 20 * np.log10(max(1e-9, x))


def peaks(x):
    poly = max(np.abs(resample_poly(x[:, c], 8, 1)).max() for c in range(x.shape[1]))
    size = 1 << (len(x) + 8192).bit_length()  # silence around it
    ideal = max(np.abs(resample(np.pad(x[:, c], (4096, size - 4096 - len(x))), 8 * size)).max() for c in range(x.shape[1]))
    return db(poly), db(ideal)


def ebur128(path):
    text = subprocess.run(["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"],
                          capture_output=True).stderr.decode()
    summary = text[text.rindex("Summary:") :]
    return float(re.search(r"I:\s+(-?[\d.]+|-?inf)", summary)[1]), float(re.search(r"Peak:\s+(-?[\d.]+|-?inf)", summary)[1])


def decoded(path, rate):
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-ac", "2", "-"], capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.float32).reshape(-1, 2).astype(float)


def check(grammy, name, x, rate, target, kind, folder, options):
    source, out = Path(folder) / "in.wav", Path(folder) / f"out.{kind}"
    sf.write(source, np.stack([x, x], axis=1), rate, subtype="FLOAT")
    run = subprocess.run([grammy, "master", str(source), "-o", str(out), "--target", target, "--json", *options], capture_output=True)
    if run.returncode:
        return name, f"failed: {run.stderr.decode().strip()}", True
    report = json.loads(run.stdout)
    ours = json.loads(subprocess.run([grammy, "meter", str(out), "--json"], capture_output=True, check=True).stdout)["features"]
    poly, ideal = peaks(decoded(out, rate))
    lufs, four = ebur128(out)
    ceiling, wanted = report["target"]["ceiling_dbtp"], report["target"]["lufs"]
    off = ours["integrated_lufs"] - wanted if ours["integrated_lufs"] is not None else float("nan")
    said = any("short of" in n or "only the peak" in n or "too quiet" in n for n in report["notes"])
    told = any("moves the peaks" in n for n in report["notes"])
    over = max(poly, ideal, four, ours["true_peak_dbtp"]) - ceiling
    bad = (over > 0 and not told) or (abs(off) > 0.1 and not said)
    return name, (f"over: poly {poly - ceiling:+.2f} ideal {ideal - ceiling:+.2f} ffmpeg {four - ceiling:+.2f} ours "
                  f"{ours['true_peak_dbtp'] - ceiling:+.2f} dB  loudness off {off:+.2f} (ffmpeg {lufs - wanted:+.2f})"
                  f"{' said' if said else ''}{' told' if told else ''}"), bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("grammy")
    parser.add_argument("--rates", default="44100,48000,96000")
    parser.add_argument("--targets", default="spotify,cd,apple,film")
    parser.add_argument("--kinds", default="wav")
    parser.add_argument("--signals", default="")
    parser.add_argument("--all", action="store_true")
    words = sys.argv[1:] + ["--"]
    a = parser.parse_args(words[: words.index("--")])
    options = words[words.index("--") + 1 : -1]
    count = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for rate in map(int, a.rates.split(",")):
            for name, x in signals(rate).items():
                if a.signals and name not in a.signals.split(","):
                    continue
                for target in a.targets.split(","):
                    for kind in a.kinds.split(","):
                        _, text, bad = check(a.grammy, name, x, rate, target, kind, folder, options)
                        count += 1
                        failed += bad
                        if bad or a.all:
                            print(f"{rate:6d} {name:18s} {target:8s} {kind:4s} {text}", flush=True)
    print(f"{count} files, {failed} over their ceiling or off their loudness and silent about it")


if __name__ == "__main__":
    main()
