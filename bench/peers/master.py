"""Masters beside Matchering and FFmpeg's loudnorm: how near to a reference, how near to a loudness, how fast.

    python3 -m venv VENV; VENV/bin/pip install matchering==2.0.6      # and ffmpeg from the system
    VENV/bin/python bench/peers/master.py build/grammy TARGET REFERENCE [TARGET REFERENCE ...]

Everything is read as WAV at 44.1 kHz, so that no one is timed with a decoder. Distances are means over third octaves
from 31.5 Hz to 16 kHz of the whole file's power, levels brought to the same mean; bands in which the reference holds
less than -90 dB against its strongest are left out. Times are of the whole process, the least of three runs in turn.
"""
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile as sf

CENTRES = 1000 * 2.0 ** (np.arange(-15, 13) / 3)
RUNS = 3
MATCHERING = """
import sys, matchering as mg
mg.process(target=sys.argv[1], reference=sys.argv[2], results=[mg.pcm24(sys.argv[3])])
"""


def thirds(path):
    """Levels in dB of mid and side by third octave."""
    sound, rate = sf.read(path, always_2d=True)
    size = 16384
    both = np.stack([sound.mean(axis=1), (sound[:, 0] - sound[:, -1]) / 2])
    frames = both.shape[1] // (size // 2) - 1
    window = np.hanning(size)
    power = np.zeros((2, size // 2 + 1))
    for i in range(frames):
        power += np.abs(np.fft.rfft(both[:, i * size // 2:i * size // 2 + size] * window)) ** 2
    hz = np.fft.rfftfreq(size, 1 / rate)
    levels = np.zeros((2, len(CENTRES)))
    for b, centre in enumerate(CENTRES):
        inside = (hz >= centre * 2 ** (-1 / 6)) & (hz < centre * 2 ** (1 / 6))
        levels[:, b] = 10 * np.log10(power[:, inside].sum(axis=1) / frames + 1e-12)
    return levels


def distance(path, reference):
    mine, other = thirds(path), thirds(reference)
    known = other > other.max() - 90
    level = (mine - other)[0][known[0]].mean()
    return [np.abs((mine - other)[side][known[side]] - level).mean() for side in (0, 1)]


def heard(grammy, path):
    out = subprocess.run([grammy, "meter", path, "--json", "--features"], capture_output=True, check=True)
    return json.loads(out.stdout)["features"]


def timed(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def race(commands):
    """Least wall and processor seconds of each, run in turn."""
    times = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            times[name].append(timed(command))
    return {name: (min(t[0] for t in list_), min(t[1] for t in list_)) for name, list_ in times.items()}


def to_wav(path, folder, name):
    wav = str(Path(folder) / name)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", path, "-ar", "44100", "-ac", "2", wav], check=True)
    return wav


def report(grammy, name, path, reference, seconds):
    mid, side = distance(path, reference)
    mine, other = heard(grammy, path), heard(grammy, reference)
    print(f"  {name:22s} mid {mid:5.2f} side {side:5.2f} dB  loudness {mine['integrated_lufs'] - other['integrated_lufs']:+5.2f}"
          f" crest {mine['crest_factor_db'] - other['crest_factor_db']:+5.2f} dB  peak {mine['true_peak_dbtp']:+5.2f} dBTP"
          f"  {seconds[0]:5.2f} s wall {seconds[1]:5.2f} s processor")


def pair(grammy, target, reference, folder):
    target, reference = to_wav(target, folder, "target.wav"), to_wav(reference, folder, "reference.wav")
    out = {name: str(Path(folder) / f"{name}.wav") for name in ("grammy", "one", "matchering", "loudnorm", "auto")}
    commands = {
        "grammy": [grammy, "master", target, "-o", out["grammy"], "--reference", reference],
        "one": [grammy, "master", target, "-o", out["one"], "--reference", reference, "--threads", "1"],
        "matchering": [sys.executable, "-c", MATCHERING, target, reference, out["matchering"]],
        "loudnorm": ["ffmpeg", "-v", "error", "-y", "-i", target, "-af", "loudnorm=I=-14:TP=-1", "-ar", "44100", out["loudnorm"]],
        "auto": [grammy, "master", target, "-o", out["auto"], "--threads", "1"],
    }
    times = race(commands)
    print(f"  {'as it was':22s} mid {distance(target, reference)[0]:5.2f} side {distance(target, reference)[1]:5.2f} dB")
    for name, label in (("matchering", "Matchering 2.0.6"), ("grammy", "grammy, all threads"), ("one", "grammy, one thread")):
        report(grammy, label, out[name], reference, times[name])
    for name, label in (("loudnorm", "loudnorm, one pass"), ("auto", "grammy auto, 1 thread")):
        f = heard(grammy, out[name])
        print(f"  {label:22s} {f['integrated_lufs']:6.2f} LUFS of -14, {f['true_peak_dbtp']:+5.2f} dBTP of -1"
              f"  {times[name][0]:5.2f} s wall {times[name][1]:5.2f} s processor")


def main():
    grammy, files = sys.argv[1], sys.argv[2:]
    for target, reference in zip(files[::2], files[1::2]):
        print(f"{Path(target).name} to {Path(reference).name}")
        with tempfile.TemporaryDirectory() as folder:
            pair(grammy, target, reference, folder)


if __name__ == "__main__":
    main()
