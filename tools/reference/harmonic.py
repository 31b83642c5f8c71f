#!/usr/bin/env python3
"""The weights of src/meter/harmonic_estimate.c: fitted to the harmonic shares that HPSS finds in recordings.

    pip install numpy soundfile soxr
    tools/reference/harmonic.py GRAMMY KEPT FILE...

Of each FILE 12 s from the middle are heard in standard mode; what was found is kept in KEPT (lines of JSON), so that more
files can be added. Prints the weights, and the errors of files that were left out of the fit. Needed only to fit again.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import soundfile
import soxr

RATE, SIZE, HOP, SPLIT_HZ, SECONDS = 22050, 2048, 1024, 5000, 12
LAG = 2  # frames whose windows share no sound


def shares(y, rate):
    """Of the power: below 5 kHz, and what each frame shares with one before."""
    y = soxr.resample(y, rate, RATE) if rate != RATE else y
    y = np.pad(y, SIZE // 2)
    frames = np.lib.stride_tricks.sliding_window_view(y, SIZE)[::HOP] * np.hanning(SIZE + 1)[:-1]
    power = np.abs(np.fft.rfft(frames)) ** 2
    below = power[:, : int(np.ceil(SPLIT_HZ * SIZE / RATE))].sum() / power.sum()
    return below, np.minimum(power[LAG:], power[:-LAG]).sum() / power[LAG:].sum()


def hear(grammy, path):
    y, rate = soundfile.read(path, dtype="float32", always_2d=True)
    y = y.mean(1)
    start = max(0, (len(y) - SECONDS * rate) // 2)
    y = y[start : start + SECONDS * rate]
    with tempfile.TemporaryDirectory() as folder:
        piece = os.path.join(folder, "piece.wav")
        soundfile.write(piece, y, rate, subtype="FLOAT")
        command = [grammy, "meter", piece, "--features", "--json", "--quiet", "--threads", "1"]
        features = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["features"]
    below, lasting = shares(y, rate)
    return {"file": path, "hpss": features["harmonic_ratio"], "below": below, "lasting": lasting}


def logit(share):
    share = np.clip(share, 1e-3, 1 - 1e-4)
    return np.log(share / (1 - share))


def main(grammy, kept, files):
    kept = pathlib.Path(kept)
    rows = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    known = {row["file"] for row in rows}
    with kept.open("a") as out:
        for path in files:
            if path in known:
                continue
            rows.append(hear(grammy, path))
            out.write(json.dumps(rows[-1]) + "\n")
            out.flush()
    hpss, below, lasting = (np.array([row[name] for row in rows]) for name in ("hpss", "below", "lasting"))
    x = np.stack([np.ones(len(rows)), logit(below), logit(lasting)], 1)
    guesses = np.empty(len(rows))
    for fold in range(10):
        out = np.arange(len(rows)) % 10 == fold
        guesses[out] = x[out] @ np.linalg.lstsq(x[~out], logit(hpss[~out]), rcond=None)[0]
    errors = np.abs(1 / (1 + np.exp(-guesses)) - hpss)
    print("constant, below, lasting:", np.linalg.lstsq(x, logit(hpss), rcond=None)[0].round(3))
    print(f"{len(rows)} files, HPSS {hpss.min():.2f} to {hpss.max():.2f}; error of those left out: mean {errors.mean():.3f}, "
          f"nine in ten within {np.percentile(errors, 90):.3f}, largest {errors.max():.3f}")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
