#!/usr/bin/env python3
"""Damages recordings step by step and looks what the meter says. By hand, never a test: seconds a recording and step.

    pip install numpy scipy soundfile            (ffmpeg for the step of MP3)

    ladder.py build/grammy RECORDING... [--seconds 60] [--lightweight] [--keep DIR] [--only clip,hum] [--resume]

Of every recording a stretch from its middle is taken. A rung is a kind of damage, its steps grow. On each rung production
quality must never rise, must fall from step to step, and the last step must cost what docs/score.md promises. With --keep
what was heard lies in DIR, a file a step; --resume takes from there what is there already.
"""
import argparse
import collections
import json
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from scipy import ndimage, signal

RATE_OF_WOW_HZ = 0.7


def rms(x):
    return float(np.sqrt(np.mean(x ** 2)))


def clip(x, rate, db):
    top = np.abs(x).max() * 10 ** (-db / 20)
    return np.clip(x, -top, top)


def hum(x, rate, db, mains):
    t = np.arange(len(x)) / rate
    wave = sum(a * np.sin(2 * np.pi * (mains + 0.03) * n * t + n) for n, a in ((1, 1), (2, 0.5), (3, 0.4), (5, 0.2)))
    return x + (wave * rms(x) / rms(wave) * 10 ** (db / 20))[:, None]


def overdrive(x, rate, percent):
    """Clipped where the loudest `percent` of the samples begin."""
    top = np.quantile(np.abs(x), 1 - percent / 100)
    return np.clip(x, -top, top)


def peaking(x, rate, hz, q, db):
    """Audio EQ cookbook."""
    a, w = 10 ** (db / 40), 2 * np.pi * hz / rate
    alpha = np.sin(w) / (2 * q)
    b = [1 + alpha * a, -2 * np.cos(w), 1 - alpha * a]
    d = [1 + alpha / a, -2 * np.cos(w), 1 - alpha / a]
    return signal.lfilter(b, d, x, axis=0)


def played(x, rate, at):
    """x read at the fractional frames `at`."""
    return np.stack([ndimage.map_coordinates(x[:, c], [at], order=3, mode="nearest") for c in range(x.shape[1])], axis=1)


def wow(x, rate, percent):
    t, turn = np.arange(len(x)) / rate, 2 * np.pi * RATE_OF_WOW_HZ
    return played(x, rate, (t + percent / 100 * np.sin(turn * t) / turn) * rate)


def ramp(x, rate, percent):
    """The speed rises by `percent` from beginning to end."""
    n = np.arange(len(x))
    at = n + 0.5 * percent / 100 * n * n / len(x)
    return played(x, rate, at[at < len(x) - 1])


def steps(x, rate, percent):
    """Every 7 s the speed jumps, by `percent` to and fro."""
    n = np.arange(len(x))
    speed = 1 + percent / 100 * (n // (7 * rate) % 2)
    at = np.cumsum(speed)
    return played(x, rate, at[at < len(x) - 1])


def flutter(x, rate, percent):
    t, turn = np.arange(len(x)) / rate, 2 * np.pi * 6.3
    return played(x, rate, (t + percent / 100 * np.sin(turn * t) / turn) * rate)


def limit(x, rate, db):
    """Pushed by `db` into a limiter with 1.5 ms of attack and 60 ms of release, whose ceiling is the peak as it was."""
    top, y = np.abs(x).max(), x * 10 ** (db / 20)
    wanted = np.minimum(1, top / np.maximum(np.abs(y).max(axis=1), 1e-9))
    reach = int(0.003 * rate) | 1
    low = ndimage.minimum_filter1d(wanted, reach)
    decay, gain, now = np.exp(-1 / (0.06 * rate)), np.empty_like(low), 1.0
    for i, v in enumerate(low.tolist()):
        now = v if v < now else v + (now - v) * decay
        gain[i] = now
    gain = np.minimum(ndimage.uniform_filter1d(gain, reach), wanted)
    return y * gain[:, None]


def noise(x, rate, db):
    rng = np.random.default_rng(1)
    return x + rng.normal(size=x.shape) * rms(x) * 10 ** (db / 20)


def pink(x, rate, db):
    rng = np.random.default_rng(3)
    spectrum = np.fft.rfft(rng.normal(size=x.shape), axis=0)
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))[:, None]
    spectrum[:int(20 * len(x) / rate)] = 0
    wave = np.fft.irfft(spectrum, len(x), axis=0)
    return x + wave * rms(x) / rms(wave) * 10 ** (db / 20)


def coarse(x, rate, bits):
    """In steps of `bits`, without dither, twice: at half the rate in between."""
    step = 2.0 ** (1 - bits)
    y = np.round(signal.resample_poly(x, 1, 2, axis=0) / step) * step
    return np.round(signal.resample_poly(y, 2, 1, axis=0)[:len(x)] / step) * step


def lossy(x, rate, hz):
    """Nothing above a wall, as an encoder leaves it."""
    taps = signal.firwin(1023, min(hz, 0.49 * rate), fs=rate, window=("kaiser", 9))
    return signal.fftconvolve(x, taps[:, None], mode="same", axes=0)


def lowpass(x, rate, hz):
    return signal.sosfilt(signal.butter(4, min(hz, 0.49 * rate), fs=rate, output="sos"), x, axis=0)


def direct(x, rate, offset):
    return x + offset


def narrow(x, rate, width):
    mid, side = x.mean(axis=1), 0.5 * (x[:, 0] - x[:, -1])
    return np.stack([mid + width * side, mid - width * side], axis=1)


def flip(x, rate, _):
    return x * np.array([1, -1])


def drop(x, rate, a_minute):
    """Gaps of 30 ms."""
    rng, y = np.random.default_rng(2), x.copy()
    for at in rng.uniform(0.02, 0.98, max(1, round(a_minute * len(x) / rate / 60))):
        y[int(at * len(x)):int(at * len(x)) + int(0.03 * rate)] = 0
    return y


def mp3(x, rate, kbits):
    with tempfile.TemporaryDirectory() as folder:
        there, back = f"{folder}/a.mp3", f"{folder}/b.wav"
        soundfile.write(f"{folder}/a.wav", x, rate, subtype="FLOAT")
        for a, b, more in ((f"{folder}/a.wav", there, ["-b:a", f"{kbits}k"]), (there, back, ["-c:a", "pcm_f32le"])):
            subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", a, *more, b], check=True)
        return soundfile.read(back, always_2d=True)[0]


# name: what is done, steps from the least to the most
RUNGS = {
    "clip": (clip, (1, 3, 6, 9, 12)),
    "overdrive": (overdrive, (0.1, 1, 5)),
    "hum50": (lambda x, r, db: hum(x, r, db, 50), (-50, -40, -30, -20)),
    "hum60": (lambda x, r, db: hum(x, r, db, 60), (-50, -40, -30, -20)),
    "mud": (lambda x, r, db: peaking(x, r, 250, 0.7, db), (3, 6, 9, 12)),
    "ramp": (ramp, (0.5, 1, 3)),
    "steps": (steps, (0.5, 1, 3)),
    "wow": (wow, (0.25, 0.5, 1, 2)),
    "flutter": (flutter, (0.1, 0.3, 1)),
    "limit": (limit, (3, 6, 9, 12)),
    "noise": (noise, (-50, -40, -30, -20, -10)),
    "pink": (pink, (-50, -40, -30, -20)),
    "coarse": (coarse, (12, 8)),
    "narrow": (narrow, (0.5, 0)),
    "flip": (flip, (0,)),
    "lowpass": (lowpass, (16000, 11000, 8000, 5000, 3000)),
    "lossy": (lossy, (16000, 11000, 8000)),
    "dc": (direct, (0.01, 0.03, 0.1)),
    "drop": (drop, (2, 6, 20)),
    "mp3": (mp3, (64,)),
}


def metered(options, damage, rate, keep):
    if keep and options.resume and keep.exists():
        return json.loads(keep.read_text())
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, damage(), rate, subtype="FLOAT")
        command = [options.grammy, "meter", "--json", "--quiet", file.name]
        if options.lightweight:
            command += ["--lightweight", "true"]
        if options.genre:
            command += ["--genre", options.genre]
        heard = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    if keep:
        keep.write_text(json.dumps(heard))
    return heard


def middle_of(path, seconds):
    with soundfile.SoundFile(path) as file:
        frames = min(len(file), int(seconds * file.samplerate))
        file.seek((len(file) - frames) // 2)
        x, rate = file.read(frames, always_2d=True), file.samplerate
    x = x[:, :2] if x.shape[1] > 1 else np.repeat(x, 2, axis=1)
    return x * min(1, 0.89 / np.abs(x).max()), rate  # room for what is added


def climb(options, number, path, wanted):
    """Quality as it is, and by rung and step."""
    x, rate = middle_of(path, options.seconds)

    def quality(name, damage):
        keep = options.keep / f"{number:03d}-{name}.json" if options.keep else None
        return metered(options, damage, rate, keep)["categories"]["production_quality"]["score"]

    whole, scores = quality("as-it-is", lambda: x), {}
    for name in wanted:
        do, grades = RUNGS[name]
        scores[name] = [quality(f"{name}={grade}", lambda: do(x, rate, grade)) for grade in grades]
    return whole, scores


def print_costs(costs):
    print(f"\n{'points lost':18s}{'least':>8s}{'quarter':>8s}{'median':>8s}{'most':>8s}{'risen':>8s}")
    for (name, step), lost in costs.items():
        quarter = np.quantile(lost, 0.25)
        risen = sum(v < -0.05 for v in lost) / len(lost)
        print(f"{name:10s}{step:8g}{min(lost):8.2f}{quarter:8.1f}{statistics.median(lost):8.1f}{max(lost):8.1f}{risen:8.0%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grammy")
    parser.add_argument("recordings", nargs="+")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--lightweight", action="store_true")
    parser.add_argument("--genre")
    parser.add_argument("--tolerance", type=float, default=0.5, help="points that may come back from step to step")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--only")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    wanted = options.only.split(",") if options.only else list(RUNGS)
    costs, bad = collections.defaultdict(list), 0
    for number, path in enumerate(options.recordings):
        whole, scores = climb(options, number, path, wanted)
        print(f"{Path(path).stem[:40]:40s} {whole:5.1f}", flush=True)
        for name in wanted:
            for step, score in zip(RUNGS[name][1], scores[name]):
                costs[name, step].append(whole - score)
            rises = [b - a for a, b in zip([whole] + scores[name], scores[name])]
            wrong = max(rises) > options.tolerance or max(scores[name]) > whole + 0.05
            bad += wrong
            print(f"    {name:10s}" + " ".join(f"{s:6.1f}" for s in scores[name]) + ("   RISES" if wrong else ""), flush=True)
    print_costs(costs)
    print(f"{bad} of {len(options.recordings) * len(wanted)} rungs rise somewhere")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
