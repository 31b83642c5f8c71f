#!/usr/bin/env python3
"""Labelled clips with and without voices, for bench/peers/voice_fit.py, by hand.

    pip install numpy==2.2.6 scipy==1.15.3 soundfile==0.14.0 pyworld==0.3.5     (and ffmpeg from the system)
    voice_sets.py voices OUT.pkl COUNT SEED FOLDER...           COUNT of speech from each FOLDER, and the same, sung
    voice_sets.py clips OUT.npz VOICES.pkl COUNT SEED FOLDER... COUNT clips of 8 s over music of FOLDERs
                                                                [--even: no equaliser, voices at 6, 0, -6, -12 dB]

Nothing of what is fitted on may be in the folders of what is judged: keep packages apart. Sung speech: WORLD (Morise et
al. 2016) takes speech apart, vowels are drawn out to 1.2 to 3 times their length, and the pitch becomes a tune of a scale
with glides and, in three of four, a tremble of 4.8 to 6.8 Hz. What is active is labelled in frames of 20 ms.
"""
import argparse
import pathlib
import pickle
import random
import subprocess
from math import gcd

import numpy as np
import soundfile
from scipy.signal import fftconvolve, resample_poly

RATE, SIZE, HOP, CLIP = 22050, 1024, 220, 8 * 22050
KINDS = (".ogg", ".opus", ".mp3", ".flac", ".wav", ".g722")


def load(path, start=0, seconds=None):
    if path.suffix in (".ogg", ".wav", ".flac"):
        try:
            with soundfile.SoundFile(path) as file:
                if 2 * start * file.samplerate < len(file):
                    file.seek(int(start * file.samplerate))
                frames = int(seconds * file.samplerate) if seconds else -1
                x, rate = file.read(frames, dtype="float32", always_2d=True).mean(1), file.samplerate
        except soundfile.LibsndfileError:
            return np.zeros(0, np.float32)
        common = gcd(RATE, rate)
        return resample_poly(x, RATE // common, rate // common).astype(np.float32)
    command = ["ffmpeg", "-v", "error", "-ss", str(start), "-i", path] + (["-t", str(seconds)] if seconds else [])
    done = subprocess.run(command + ["-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"], capture_output=True)
    return np.frombuffer(done.stdout, np.float32)


def files_of(folder, least_bytes):
    return sorted(p for p in pathlib.Path(folder).rglob("*")
                  if p.suffix in KINDS and p.is_file() and p.stat().st_size > least_bytes)


def rms(x):
    return np.sqrt(np.mean(x**2) + 1e-12)


def trim(x):
    """From the first sound to the last, at an RMS of 0.1."""
    levels = np.sqrt(np.mean(x[:len(x) // HOP * HOP].reshape(-1, HOP) ** 2, 1)) if len(x) > RATE // 10 else np.zeros(1)
    if levels.max() < 1e-3:
        return np.zeros(0, np.float32)
    on = np.flatnonzero(levels > 0.03 * levels.max())
    x = x[on[0] * HOP:(on[-1] + 1) * HOP]
    return (0.1 * x / rms(x)).astype(np.float32)


# ---- voices ----


def speech(folder, count, rng):
    """Utterances of one speaker (one folder), one behind the other, 6 s and more."""
    by_speaker, found = {}, []
    for path in files_of(folder, 6000):
        if not any(word in path.name for word in ("silence", "tone", "beep", "ascending")):
            by_speaker.setdefault(path.parent, []).append(path)
    for _ in range(count):
        paths, parts = by_speaker[rng.choice(sorted(by_speaker))], []
        while sum(map(len, parts)) < 6 * RATE and len(parts) < 50:
            parts += [trim(load(rng.choice(paths), 0, 8)), np.zeros(int(RATE * rng.choice([0.02, 0.1, 0.25])), np.float32)]
        if sum(map(len, parts)) > 3 * RATE:
            found.append(np.concatenate(parts)[:9 * RATE])
    return found


def tune(frames, base, rng):
    """Hz in frames of 5 ms."""
    scale = rng.choice([[0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10], [0, 2, 4, 7, 9], [0, 3, 5, 7, 10]])
    cents, at, degree, beat = np.zeros(frames), 0, 0, rng.uniform(0.22, 0.5)
    trembles, hz, depth = rng.random() < 0.75, rng.uniform(4.8, 6.8), rng.uniform(15, 90)
    while at < frames:
        degree = max(-5, min(7, degree + rng.choice([-2, -1, -1, 0, 1, 1, 2, 3, -3])))
        end = min(frames, at + int(rng.choice([1, 1, 1, 2, 2, 3, 4]) * beat / 0.005))
        t = np.arange(end - at) * 0.005
        cents[at:end] = 100 * (12 * (degree // len(scale)) + scale[degree % len(scale)])
        if trembles:
            cents[at:end] += depth * np.clip((t - 0.15) / 0.25, 0, 1) * np.sin(2 * np.pi * hz * t + rng.uniform(0, 6))
        at = end
    glide = max(1, int(rng.uniform(0.03, 0.12) / 0.005))
    window = np.hanning(glide + 2) / np.hanning(glide + 2).sum()
    sway = np.cumsum([rng.gauss(0, 0.8) for _ in range(frames)])
    sway -= np.convolve(sway, np.ones(60) / 60, "same")
    cents = np.convolve(np.pad(cents, glide, "edge"), window, "same")[glide:-glide] + np.clip(sway, -25, 25)
    return base * 2 ** (cents / 1200)


def sing(x, rng):
    import pyworld

    x = x.astype(np.float64)
    f0, times = pyworld.dio(x, RATE)
    f0 = pyworld.stonemask(x, f0, times, RATE)
    envelope, noise = pyworld.cheaptrick(x, f0, times, RATE), pyworld.d4c(x, f0, times, RATE)
    voiced = f0 > 0
    if voiced.mean() < 0.2:
        return np.zeros(0, np.float32)
    core, longer, place, places = voiced & np.roll(voiced, 3) & np.roll(voiced, -3), rng.uniform(1.2, 3), 0.0, []
    while place < len(f0) - 1:
        places.append(int(place))
        place += 1 / longer if core[int(place)] else 1
    at = np.array(places)
    hz = np.where(voiced[at], tune(len(at), np.median(f0[voiced]) * 2 ** (rng.uniform(0, 9) / 12), rng), 0)
    return trim(pyworld.synthesize(hz, envelope[at], noise[at], RATE).astype(np.float32))


def voices(out, count, seed, folders):
    rng, spoken = random.Random(seed), []
    for folder in folders:
        spoken += speech(folder, count, rng)
    sung = [y for y in (sing(x[:6 * RATE], rng) for x in spoken) if len(y)]
    pickle.dump({"speech": spoken, "sung": sung}, open(out, "wb"))
    print(len(spoken), "of speech,", len(sung), "sung")


# ---- what rhythm_front.c hears ----


def lay_bands():
    step, edges = RATE / SIZE, [2]
    while True:
        edge = max(edges[-1] * step * 2 ** (1 / 24), (edges[-1] + 1) * step)
        end = max(int(np.floor(edge / step + 0.5)), edges[-1] + 1)
        if end * step > 10000:
            return edges
        edges.append(end)


EDGES = lay_bands()
BANDS = len(EDGES) - 1


def features(x, equaliser=1):
    """[frames of 20 ms][BANDS] log magnitudes."""
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SIZE) / SIZE)).astype(np.float32)
    padded = np.concatenate([np.zeros(SIZE // 2, np.float32), x, np.zeros(SIZE, np.float32)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, SIZE)[::HOP][:len(x) // HOP + 1]
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    magnitude = np.sqrt(np.add.reduceat(power[:, :EDGES[-1]], EDGES[:-1], axis=1) * equaliser)
    reference, level = np.zeros(len(magnitude)), 0.0
    for t, mean in enumerate(magnitude.mean(1)):
        level = mean if level == 0 else level + (mean - level) * (0.03 if mean > level else 0.001)
        reference[t] = level
    x = np.log1p(magnitude / (0.1 * np.maximum(reference, 1e-4 * SIZE / 4))[:, None])
    return 0.5 * (x[0:len(x) // 2 * 2:2] + x[1::2][:len(x) // 2])


# ---- clips ----


def cut(x, rng, length):
    if len(x) > length:
        at = rng.randrange(len(x) - length)
        return x[at:at + length].copy()
    y, at = np.zeros(length, np.float32), rng.randrange(length - len(x) + 1)
    y[at:at + len(x)] = x
    return y


def room(x, rng):
    n, noise = int(RATE * rng.uniform(0.3, 1.6)), np.random.default_rng(rng.randrange(1 << 30))
    echo = noise.standard_normal(n) * np.exp(-6.9 * np.arange(n) / n)
    wet = rng.uniform(0.05, 0.4)
    return ((1 - wet) * x + wet * fftconvolve(x, echo / np.sqrt(np.sum(echo**2)))[:len(x)]).astype(np.float32)


def equaliser(rng):
    t = np.linspace(0, 1, BANDS)
    return 10 ** (0.25 * sum(rng.gauss(0, 1) * np.cos(np.pi * i * t) for i in range(1, 6)))


def clip(music, voice, even, rng):
    """features, whether a voice is active in each frame, and how loud it is: dB over the music, 99: alone."""
    for _ in range(6):
        x = cut(music, rng, CLIP)
        if rms(x) > 0.05 * rms(music):
            break
    x, active, over = 0.1 * x / rms(x), np.zeros(CLIP // (2 * HOP) + 1, bool), None
    if voice is not None:
        y = cut(voice, rng, rng.choice([CLIP, CLIP // 2, CLIP]))
        if rng.random() < 0.25:  # doubled
            y = y + 0.8 * np.roll(y, int(RATE * rng.uniform(0.01, 0.03)))
        y = cut(y, rng, CLIP)
        if rng.random() < 0.6:
            y = room(y, rng)
        over = rng.choice([6, 0, -6, -12]) if even else rng.uniform(-13, 12)
        if rng.random() < 0.12:
            over = 99
        level = np.sqrt(np.convolve(y**2, np.ones(1103) / 1103, "same"))[::2 * HOP]
        active = level > 0.12 * rms(y)
        sounding = y[np.repeat(active, 2 * HOP)[:CLIP]]
        x = (over != 99) * x + 0.1 / rms(sounding) * 10 ** (min(over, 30) / 20) * y
    x = (x * 10 ** (rng.uniform(-25, 0) / 20)).astype(np.float32)
    frames = CLIP // RATE * 50
    return features(x, 1 if even else equaliser(rng))[:frames], active[:frames], over


def clips(out, pool, count, seed, folders, even):
    rng, sets = random.Random(seed), pickle.load(open(pool, "rb"))
    music = {}
    for folder in folders:
        paths = files_of(folder, 20000)
        random.Random(4).shuffle(paths)
        for path in paths[:20]:
            x = load(path, 15, 36)
            if len(x) > 10 * RATE and rms(x) > 1e-4:
                music.setdefault(folder, []).append((path.name, x))
    found = {"features": [], "active": [], "about": []}
    for _ in range(count):
        folder = rng.choice(sorted(music))
        name, x = rng.choice(music[folder])
        kind = rng.choice(["none", "none", "none", "sung", "sung", "speech"])
        voice = rng.choice(sets[kind]) if kind != "none" else None
        heard, active, over = clip(x, voice, even, rng)
        found["features"].append(heard.astype(np.float16))
        found["active"].append(active)
        found["about"].append(f"{folder}|{name}|{kind}|{'' if over is None else over}")
    np.savez(out, **{key: np.array(values) for key, values in found.items()})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["voices", "clips"])
    parser.add_argument("out")
    parser.add_argument("rest", nargs="+")
    parser.add_argument("--even", action="store_true")
    a = parser.parse_args()
    if a.what == "voices":
        voices(a.out, int(a.rest[0]), int(a.rest[1]), a.rest[2:])
    else:
        clips(a.out, a.rest[0], int(a.rest[1]), int(a.rest[2]), a.rest[3:], a.even)


if __name__ == "__main__":
    main()
