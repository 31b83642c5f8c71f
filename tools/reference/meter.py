#!/usr/bin/env python3
"""Sounds that are easy to make twice, and what librosa hears in them.

    pip install librosa==0.11.0 numpy==2.4.6 scipy==1.17.1
    tools/reference/meter.py tests/golden/meter

tests/meter/golden.h makes the same sounds, to the last bit but a few. Needed only to make the files again; neither the
build nor the tests run it.
"""
import pathlib
import sys

import librosa
import numpy as np


def noise(count, seed):
    """Even, -1..1, from a linear congruence."""
    out, state = np.empty(count), seed
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = (state >> 8) / 2**23 - 1
    return out


def plucked(rate, seconds):
    """A chord 13 cents sharp, struck twice a second, with a click of noise at each stroke."""
    t = np.arange(int(rate * seconds)) / rate
    beat = np.mod(2 * t, 1)
    x = 0.25 * noise(len(t), 7) * np.exp(-60 * beat)
    for i, key in enumerate((45, 57, 61, 64)):
        hz = 440 * 2 ** ((key - 69 + 0.13) / 12)
        for partial in range(1, 7):
            x += 0.1 / partial * np.sin(2 * np.pi * hz * partial * t + i) * np.exp(-3 * beat)
    return x


def gap(rate, seconds):
    """Noise that swells, with nothing at all in the second half but a low tone at the end."""
    t = np.arange(int(rate * seconds)) / rate
    low = 0.3 * np.sin(2 * np.pi * 110 * t) * (t > 0.85 * seconds)
    return np.where(t < seconds / 2, noise(len(t), 3) * t / seconds, 0.0) + low


def empty_band(rate, seconds):
    """Tones below 3 kHz that glide: whatever is above is 120 dB softer."""
    t = np.arange(int(rate * seconds)) / rate
    x = np.zeros(len(t))
    for i in range(1, 8):
        x += 0.3 / i * np.sin(2 * np.pi * (180 * i * t + 20 * i * t * t))
    return x


SOUNDS = {"plucked": (plucked, 22050, 1.5), "gap": (gap, 44100, 1.0), "empty_band": (empty_band, 48000, 0.8)}


def main(folder):
    assert librosa.__version__ == "0.11.0"
    for name, (make, rate, seconds) in SOUNDS.items():
        y = make(rate, seconds).astype(np.float32)
        feature, out = librosa.feature, folder / name
        chroma = feature.chroma_stft(y=y, sr=rate)
        harmonic, percussive = (np.sum(part.astype(float) ** 2) for part in librosa.effects.hpss(y))
        frames = librosa.stft(y)[:, 20:24].T  # four are enough
        series = {
            "melspectrogram": feature.melspectrogram(y=y, sr=rate),
            "mfcc": feature.mfcc(y=y, sr=rate),
            "chroma_stft": chroma,
            "tonnetz": feature.tonnetz(chroma=chroma),
            "spectral_centroid": feature.spectral_centroid(y=y, sr=rate),
            "spectral_bandwidth": feature.spectral_bandwidth(y=y, sr=rate),
            "spectral_rolloff": feature.spectral_rolloff(y=y, sr=rate),
            "spectral_contrast": feature.spectral_contrast(y=y, sr=rate),
            "spectral_flatness": feature.spectral_flatness(y=y),
            "zero_crossing_rate": feature.zero_crossing_rate(y),
            "rms": feature.rms(y=y),
            "onset_strength": librosa.onset.onset_strength(y=y, sr=rate),
            "stft": np.stack([frames.real, frames.imag], -1),  # [frame][bin][re, im]
            "figures": np.array([librosa.estimate_tuning(y=y, sr=rate), harmonic / (harmonic + percussive)]),
        }
        out.mkdir(parents=True, exist_ok=True)
        for what, values in series.items():
            np.save(out / f"{what}.npy", np.ascontiguousarray(values, dtype=np.float32))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
