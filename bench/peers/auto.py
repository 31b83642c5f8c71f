"""What mastering by ear does to the meter's judgement, before and after, on recordings of others.

    python3 -m venv VENV; VENV/bin/pip install numpy scipy soundfile      # and ffmpeg from the system
    VENV/bin/python bench/peers/auto.py build/grammy FOLDER [--count N] [--seconds S] [--faults NAME,NAME ...] [-- OPTION ...]

From every folder below FOLDER recordings are taken in turn, the middle of each, as they are and with a fault put in that
mastering can mend (and one, clipping, that it must name). Options behind `--` go to `grammy master`. A line a fault:
how many have become worse in production quality and by how much at most, what the fault had cost, what came back, and
how many of those that the fault had cost 5 points or more were lifted by 5 or more.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy.signal import sosfilt

SOUNDS = {".ogg", ".mp3", ".opus", ".flac", ".wav"}


def bell(rate, hz, q, db):
    a, w = 10 ** (db / 40), 2 * np.pi * hz / rate
    alpha = np.sin(w) / (2 * q)
    b = np.array([1 + alpha * a, -2 * np.cos(w), 1 - alpha * a])
    return np.concatenate([b, [1 + alpha / a, -2 * np.cos(w), 1 - alpha / a]])[None] / (1 + alpha / a)


def shelf(rate, hz, db, high):
    a, w = 10 ** (db / 40), 2 * np.pi * hz / rate
    c, beta = np.cos(w) * (1 if high else -1), 2 * np.sqrt(a) * np.sin(w) / np.sqrt(2)
    s = 1 if high else -1
    b = np.array([a * ((a + 1) + (a - 1) * c + beta), -2 * s * a * ((a - 1) + (a + 1) * c), a * ((a + 1) + (a - 1) * c - beta)])
    d = np.array([(a + 1) - (a - 1) * c + beta, 2 * s * ((a - 1) - (a + 1) * c), (a + 1) - (a - 1) * c - beta])
    return np.concatenate([b, d])[None] / d[0]


def filtered(x, *cells):
    return sosfilt(np.vstack(cells), x, axis=0)


def sides(x, db):
    mid, side = x.mean(axis=1), (x[:, 0] - x[:, 1]) / 2 * 10 ** (db / 20)
    return np.stack([mid + side, mid - side], axis=1)


def sections(x, rate, db, seconds):
    """Every other stretch quieter, joined within a second."""
    place = np.arange(len(x)) / rate % (2 * seconds)
    quiet = np.interp(place, [0, seconds - 0.5, seconds + 0.5, 2 * seconds - 0.5, 2 * seconds], [0, 0, 1, 1, 0])
    return x * 10 ** (quiet[:, None] * db / 20)


FAULTS = {
    "as it is": lambda x, rate: x,
    "quiet": lambda x, rate: x * 10 ** (-12 / 20),
    "dull": lambda x, rate: filtered(x, shelf(rate, 3500, -10, True)),
    "boomy": lambda x, rate: filtered(x, bell(rate, 100, 0.8, 6)),
    "muddy": lambda x, rate: filtered(x, bell(rate, 280, 1.2, 7)),
    "harsh": lambda x, rate: filtered(x, bell(rate, 3000, 1, 7)),
    "thin": lambda x, rate: filtered(x, shelf(rate, 180, -9, False)),
    "narrow": lambda x, rate: sides(x, -9),
    "wide": lambda x, rate: sides(x, 6),
    "leaning": lambda x, rate: x * [1, 10 ** (-3 / 20)],
    "uneven": lambda x, rate: sections(x, rate, -14, 10),
    "resonance": lambda x, rate: filtered(x, bell(rate, 330, 6, 12)),
    "all of it": lambda x, rate: sides(filtered(x, shelf(rate, 3500, -8, True), bell(rate, 100, 0.8, 4)), -6) * 10 ** (-12 / 20),
    "clipped": lambda x, rate: np.clip(x * 10 ** (6 / 20) / max(1e-9, np.abs(x).max()), -1, 1),
}


def chosen(folder, count):
    """Recordings of a megabyte or more, a folder after the other in turn."""
    folders = [sorted(f for f in sub.rglob("*") if f.suffix.lower() in SOUNDS and f.stat().st_size > 1e6)
               for sub in sorted(Path(folder).iterdir()) if sub.is_dir()]
    folders = [f[:: max(1, len(f) // 8)] for f in folders if f]
    turn = [f[i] for i in range(max(map(len, folders))) for f in folders if i < len(f)]
    return turn[:count]


def middle(path, seconds, rate=44100):
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-ar", str(rate), "-ac", "2", "-f", "f32le", "-"],
                         capture_output=True, check=True).stdout
    x = np.frombuffer(raw, np.float32).reshape(-1, 2).astype(float)
    start = max(0, (len(x) - seconds * rate) // 2)
    x = x[start : start + seconds * rate]
    return x / max(1, np.abs(x).max()), rate


def meter(grammy, path):
    report = json.loads(subprocess.run([grammy, "meter", str(path), "--json"], capture_output=True, check=True).stdout)
    return report["categories"]["production_quality"]["score"], report["overall"]


def one(grammy, x, rate, folder, options):
    before, after = Path(folder) / "before.wav", Path(folder) / "after.wav"
    sf.write(before, x, rate, subtype="FLOAT" if np.abs(x).max() > 1 else "PCM_24")
    run = subprocess.run([grammy, "master", str(before), "-o", str(after), "--json", *options], capture_output=True)
    if run.returncode:
        sys.exit(run.stderr.decode())
    return meter(grammy, before), meter(grammy, after), json.loads(run.stdout)


def line(name, rows):
    before, after, was = (np.array([r[i] for r in rows]) for i in (0, 1, 2))
    lift, cost = after - before, was - before
    dear = cost >= 5
    lufs = np.array([r[3] for r in rows])
    print(f"{name:10s} {len(rows):3d}  worse {np.sum(lift < 0):3d} (most {max(0, -lift.min()):.2f})  cost {cost.mean():5.1f}  "
          f"lift {lift.mean():+5.1f} (median {np.median(lift):+5.1f}, overall {np.mean([r[4] for r in rows]):+5.1f})  "
          f"cost >= 5: {dear.sum():3d}, of which lifted >= 5: {np.sum(lift[dear] >= 5):3d}  off target {np.median(lufs):+5.2f}, least {lufs.min():+5.1f}", flush=True)


def main():
    words = sys.argv[1:] + ["--"]
    ours, options = words[: words.index("--")], words[words.index("--") + 1 : -1]
    parser = argparse.ArgumentParser()
    parser.add_argument("grammy")
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--all", action="store_true", help="a line a recording too")
    a = parser.parse_args(ours)
    rows = {name: [] for name in a.faults.split(",")}
    named = clipped = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in chosen(a.folder, a.count):
            x, rate = middle(path, a.seconds)
            sf.write(Path(folder) / "was.wav", x, rate, subtype="PCM_24")
            was = meter(a.grammy, Path(folder) / "was.wav")
            for name in rows:
                before, after, report = one(a.grammy, FAULTS[name](x, rate), rate, folder, options)
                off = report["after"]["integrated_lufs"] - report["target"]["lufs"]
                rows[name].append((before[0], after[0], was[0], off, after[1] - before[1]))
                if name == "clipped":
                    clipped += 1
                    named += any("clipped" in note for note in report["notes"])
                if a.all:
                    print(f"  {name:10s} {was[0]:5.1f} {before[0]:5.1f} -> {after[0]:5.1f} (own {report['before'].get('production_quality')} -> {report['after'].get('production_quality')}) off {off:+.2f} {path.name} "
                          + "; ".join(report["notes"])[:160], flush=True)
    for name, list_ in rows.items():
        line(name, list_)
    if clipped:
        print(f"clipping named in {named} of {clipped}")


if __name__ == "__main__":
    main()
