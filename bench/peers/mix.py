"""What grammy mix makes of folders of stems, beside their plain sum. By hand, never a test.

    pip install numpy soundfile
    mix.py build/grammy FOLDER [FOLDER ...] [--solo]      folders: bench/peers/stem_sets.py makes hard ones

For each folder: the peak, how far the common fader had to hold it back, production quality of the plain sum and of the
mix as the meter has it (it hears no difference of level), and what changed in it. With --solo every stem is mixed alone by
the same session, and set beside the rest: its margin in the third octave in which it stands out best, over the moments at
which it plays, the median of them. A part below -9 dB there has vanished.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf

CENTRES = 1000 * 2.0 ** (np.arange(-14, 14) / 3)
SIZE, HOP = 8192, 16384
FAULT = -9


def call(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr}")
    return json.loads(done.stdout)


def quality(grammy, path):
    report = call(grammy, "meter", path, "--json", "--quiet")
    category = report["categories"]["production_quality"]
    subs = category["sub_scores"]
    subs = {k: v["score"] if isinstance(v, dict) else v for k, v in subs.items()}
    return category["score"], subs, report["features"]


def thirds(sound):
    """Power by look and third octave, of both channels."""
    window = np.hanning(SIZE)
    hz = np.fft.rfftfreq(SIZE, 1 / 48000)
    edges = np.searchsorted(hz, np.append(CENTRES * 2 ** (-1 / 6), CENTRES[-1] * 2 ** (1 / 6)))
    looks = []
    for at in range(0, len(sound) - SIZE, HOP):
        power = (np.abs(np.fft.rfft(sound[at:at + SIZE] * window[:, None], axis=0)) ** 2).sum(axis=1)
        looks.append([power[a:max(b, a + 1)].sum() for a, b in zip(edges[:-1], edges[1:])])
    return np.array(looks) + 1e-12


def margins(grammy, folder, session, mix, names):
    """dB of each stem over the others, in its best third octave."""
    whole, _ = sf.read(mix, always_2d=True)
    out = {}
    for name in names:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "solo.wav"
            call(grammy, "mix", folder, "--session", session, "--solo", name, "-o", path, "--json", "--quiet")
            alone, _ = sf.read(path, always_2d=True)
        own, rest = thirds(alone), thirds(whole - alone)
        plays = own.sum(axis=1) > own.sum(axis=1).max() * 1e-3
        if plays.any():
            out[name] = float(np.median(10 * np.log10(own[plays] / rest[plays]).max(axis=1)))
    return out


def main():
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    grammy, folders, solo = arguments[0], arguments[1:], "--solo" in sys.argv
    gains = []
    for folder in map(Path, folders):
        with tempfile.TemporaryDirectory() as scratch:
            dry, wet = Path(scratch) / "dry" / "dry.wav", Path(scratch) / "wet" / "wet.wav"
            dry.parent.mkdir()
            wet.parent.mkdir()
            call(grammy, "mix", folder, "--dry", "-o", dry, "--json", "--quiet")
            mix = call(grammy, "mix", folder, "-o", wet, "--json", "--quiet")
            (was, was_subs, _), (now, now_subs, _) = quality(grammy, dry), quality(grammy, wet)
            gains.append(now - was)
            changes = " ".join(f"{k.split('_')[0]} {was_subs[k]:.0f}>{now_subs[k]:.0f}" for k in was_subs
                               if abs(was_subs[k] - now_subs[k]) >= 1)
            peak = np.abs(sf.read(wet)[0]).max()
            print(f"{folder.name:20s} {len(mix['stems']):2d} stems  peak {20 * np.log10(peak + 1e-9):6.2f}"
                  f"  held {mix['buses']['held_back_db']:5.1f}  quality {was:5.1f} > {now:5.1f} ({now - was:+5.1f})  {changes}", flush=True)
            if solo:
                names = [s["file"].rsplit(".", 1)[0] for s in mix["stems"] if not s["mute"]]
                found = margins(grammy, folder, wet.parent / "mix.json", wet, names)
                print("   " + "  ".join(f"{'!! ' if m < FAULT else ''}{n} {m:+.0f}" for n, m in found.items()), flush=True)
    print(f"mean {np.mean(gains):+.2f}, worst {min(gains):+.2f}, worse by more than half a point: {sum(g < -0.5 for g in gains)} of {len(gains)}")


if __name__ == "__main__":
    main()
