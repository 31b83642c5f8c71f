#!/usr/bin/env python3
"""Does what the meter advises, and looks whether it brings the points promised. By hand, never a test.

    pip install numpy scipy soundfile

    advice.py build/grammy RECORDING... [--faults dull,hum] [--seconds 200] [--all] [--keep DIR]

Every recording is heard as it is and with faults put in. Of each recommendation that can be followed with an equaliser,
a fader, a limiter or scissors, just that is done; where only going back helps (clipping, limiting, hiss, a lost top), the
recording without the fault is the mended one. A line each: the promise, what came of it, the figure's way. At the
end, by kind of advice: how many, the mean of (real - promised), how many are off by more than 2 points or of the
wrong sign. Promised and real are points of the whole and of the sub-score named.
"""
import argparse
import collections
import json
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from scipy import ndimage, signal


def gain_of(db):
    return 10 ** (db / 20)


def weighted_power(x, rate):
    """Roughly as loudness hears: a shelf at 1.7 kHz and no lows (ITU-R BS.1770)."""
    return np.mean(shaped(x, rate, lambda f: 4 * smooth(f, 1700, 2) - 30 * (1 - smooth(f, 38, 2))) ** 2)


def bell(x, rate, low, high, db):
    """The band from low to high Hz moved by db as a whole: linear phase, half an octave wide at its edges."""
    return shaped(x, rate, lambda f: db * smooth(f, low) * (1 - smooth(f, high)))


def smooth(f, edge, octaves=0.5):
    """0 below the edge, 1 above."""
    place = np.log2(np.maximum(f, 1e-3) / edge) / octaves + 0.5
    place = np.clip(place, 0, 1)
    return place * place * (3 - 2 * place)


def shaped(x, rate, curve_db):
    size = 1 << int(np.ceil(np.log2(rate / 4)))
    f = np.fft.rfftfreq(size, 1 / rate)
    response = np.roll(np.fft.irfft(gain_of(curve_db(f))), size // 2) * signal.windows.hann(size + 1)[:-1]
    return signal.oaconvolve(x, response[:, None], mode="same", axes=0)


def limited(x, rate, ceiling_db):
    """A look-ahead limiter: 2 ms each way, released over 60 ms, four points a sample."""
    top = gain_of(ceiling_db)
    peaks = np.abs(signal.resample_poly(x, 4, 1, axis=0)).max(1)
    peaks = np.pad(peaks, (0, -len(peaks) % 4)).reshape(-1, 4).max(1)[: len(x)]
    need = np.minimum(1, top / np.maximum(peaks, 1e-9))
    reach = int(0.002 * rate)
    need = ndimage.minimum_filter1d(need, 2 * reach + 1)
    held, release = np.empty_like(need), np.exp(-1 / (0.06 * rate))
    state = 1.0
    for i, target in enumerate(need):
        state = min(target, 1 - (1 - state) * release)
        held[i] = state
    held = ndimage.uniform_filter1d(held, reach)
    return np.clip(x * held[:, None], -top, top)


def mid_side(x):
    return x.mean(1), (x[:, 0] - x[:, 1]) / 2


def from_mid_side(mid, side):
    return np.stack([mid + side, mid - side], 1)


def side_by(x, rate, low, high, db):
    mid, side = mid_side(x)
    return from_mid_side(mid, bell(side[:, None], rate, low, high, db)[:, 0])


def share_to(now, then):
    """dB on the side that bring its share of the energy from now to then."""
    return 10 * np.log10(max(then, 1e-6) / (1 - then) * (1 - now) / max(now, 1e-6))


# ---- following ----

def number(text, pattern):
    return float(re.search(pattern, text).group(1))


def louder(x, rate, db, ceiling=-1.0):
    return limited(x * gain_of(db), rate, ceiling)


def clock(text):
    minutes, seconds = re.search(r"(\d+):(\d\d)", text).groups()
    return 60 * int(minutes) + int(seconds)


def stretched_sections(x, rate, report, db):
    """The softest section moved by db, the loudest not at all, the others in between."""
    sections = [s for s in report["sections"] if s["loudness_lufs"] is not None]
    levels = [s["loudness_lufs"] for s in sections]
    move = np.zeros(len(x))
    for s in sections:
        start, end = int(s["start_s"] * rate), int(s["end_s"] * rate)
        move[start:end] = db * (max(levels) - s["loudness_lufs"]) / max(0.1, max(levels) - min(levels))
    return x * gain_of(ndimage.uniform_filter1d(move, rate // 2))[:, None]


MENDED_BY_ORIGINAL = {
    "loud": ("limiter",),
    "clipped": ("less drive", "until no tops"),
    "hiss": ("steady noise",),
    "dull": ("before it was reduced",),
}


def follow(x, rate, item, report, fault, original):
    """The recording after the advice was followed; None: not with these tools."""
    text, feature, value, goal = item["text"], item["feature"], item["value"], item["goal"]
    way = None if goal is None else goal - value
    if "about 280 Hz" in text:
        return bell(x, rate, 200, 400, way)
    if feature == "presence_db" and ("by" in text or "tame" in text) and "let something" not in text:
        return bell(x, rate, 2000, 5000, way)
    if feature == "bass_db" and "give it" not in text:
        return bell(x, rate, 40, 160, way)
    if feature == "air_db" and ("shelf" in text or "soften" in text):
        return shaped(x, rate, lambda f: way * smooth(f, 6000))
    if feature == "low_side":
        return side_by(x, rate, 1, 120, share_to(value, goal))
    if feature == "mid_width" and value > 0.002:
        return side_by(x, rate, 500, 8000, share_to(value, goal))
    if feature == "balance_abs_db":
        now = report["features"]["stereo_balance_db"]
        return x * [1, gain_of(-now * (1 - goal / value))]
    if "raise the master" in text and feature == "integrated_lufs":
        return louder(x, rate, number(text, r"by (\d+) dB"))
    if "use the room" in text:
        return x * gain_of(way)
    if "true-peak ceiling" in text:
        return limited(x, rate, -1.0)
    if "take the master down" in text:
        return louder(x, rate, way)
    if feature == "dc_offset_abs":
        return x - x.mean(0)
    if "trim the ends" in text:
        f = report["features"]
        return x[int(f["head_silence_s"] * rate): len(x) - int(f["tail_silence_s"] * rate)]
    if "polarity" in text:
        return x * [1, -1]
    if "cut an edit" in text:  # from the beginning to the first end of a section behind that, faded
        length = int(clock(text) * rate)
        return x[:length] * np.minimum(1, np.arange(length, 0, -1) / (3 * rate))[:, None]
    if feature == "intro_s":
        return x[int((value - goal) * rate):]
    if feature == "hook_first_s":
        return x[int((value - goal) * rate):]
    if "build up" in text and len(report["sections"]) > 1:
        return stretched_sections(x, rate, report, -way)
    if "raise the softest" in text and len(report["sections"]) > 1:
        return stretched_sections(x, rate, report, -way)
    if "hum" in text and "Hz" in text:
        mains = number(text, r"(\d+) Hz")
        for n in range(1, 12):
            x = signal.filtfilt(*signal.iirnotch(mains * n, 15 * n, rate), x, axis=0)
        return x
    if any(word in text for word in MENDED_BY_ORIGINAL.get(fault, ())):
        return original
    return None


# ---- faults ----

def hum(x, rate):
    t = np.arange(len(x)) / rate
    wave = sum(a * np.sin(2 * np.pi * 50.02 * n * t + n) for n, a in ((1, 1), (2, 0.5), (3, 0.4), (5, 0.2)))
    return x + (wave / wave.std() * x.std() * gain_of(-24))[:, None]


def peak_of(x):
    return np.abs(x).max()


FAULTS = {
    "as it is": lambda x, rate: x,
    "loud": lambda x, rate: limited(x / peak_of(x) * gain_of(9), rate, 0.3),
    "clipped": lambda x, rate: np.clip(x / peak_of(x) * gain_of(6), -1, 1),
    "quiet": lambda x, rate: x * gain_of(-12),
    "boomy": lambda x, rate: bell(x, rate, 40, 160, 8),
    "muddy": lambda x, rate: bell(x, rate, 200, 400, 8),
    "thin": lambda x, rate: bell(x, rate, 10, 180, -10),
    "dull": lambda x, rate: shaped(x, rate, lambda f: -9 * smooth(f, 4500)),
    "harsh": lambda x, rate: bell(x, rate, 2000, 5000, 8),
    "narrow": lambda x, rate: side_by(x, rate, 1, 30000, -9),
    "wide bass": lambda x, rate: from_mid_side(*(lambda m, s: (m, s + bell(np.roll(m, rate // 90)[:, None], rate, 20, 110, 60)[:, 0] / 1000 * 0.8))(*mid_side(x))),
    "leaning": lambda x, rate: x * [1, gain_of(-4)],
    "hum": hum,
    "hiss": lambda x, rate: x + np.random.default_rng(1).standard_normal(x.shape) * x.std() * gain_of(-22),
    "direct current": lambda x, rate: x * 0.9 + 0.04,
    "upside down": lambda x, rate: x * [1, -1],
    "late": lambda x, rate: np.concatenate([np.zeros((4 * rate, 2)), x]),
    "long intro": lambda x, rate: np.concatenate([shaped(np.tile(x[: 12 * rate], (4, 1)), rate, lambda f: -20 * smooth(f, 300)) * 0.3, x]),
    "even": lambda x, rate: x / np.maximum(0.02 * peak_of(x), np.sqrt(ndimage.uniform_filter1d((x ** 2).mean(1), 3 * rate)))[:, None] * 0.1,
}


def meter(grammy, path, genre):
    command = [grammy, "meter", str(path), "--json", "--quiet"] + (["--genre", genre] if genre else [])
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def sub_score(report, name):
    return next(c["sub_scores"][name]["score"] for c in report["categories"].values() if name in c["sub_scores"])


def with_sub_score(report, name, score):
    """The overall score if this sub-score alone were another: docs/score.md."""
    whole = 0
    for category in report["categories"].values():
        subs = {key: (s["score"], s["weight"]) for key, s in category["sub_scores"].items() if s["score"] is not None}
        weights = sum(weight for _, weight in subs.values())
        mean = lambda: np.exp(sum(weight * np.log(max(s, 1)) for s, weight in subs.values()) / weights)
        gate = category["score"] / mean()
        if name in subs:
            subs[name] = (score, subs[name][1])
        whole += category["weight"] * gate * mean()
    return whole


class Tally:
    def __init__(self):
        self.rows = collections.defaultdict(list)

    def print(self):
        print("\nadvice                       n  promised   real  alone   off by >2  alone off by >2  wrong sign   sub-score real-promised")
        columns = lambda rows: np.array(rows, dtype=float).T
        for name, rows in sorted(self.rows.items()) + [("all", [row for rows in self.rows.values() for row in rows])]:
            promised, real, alone, told, then = columns(rows)
            print(f"{name[:26]:26} {len(rows):3} {promised.mean():+9.2f} {real.mean():+6.2f} {alone.mean():+6.2f} {np.sum(abs(real - promised) > 2):11}"
                  f" {np.sum(abs(alone - promised) > 2):15} {np.sum(real < -0.1):11} {np.nanmean(then - told):+16.1f}")


def kind_of(item):
    words = re.sub(r"[^a-z ]", "", item["text"].split(":")[0].lower()).split()
    return (item["feature"] or "") + " " + " ".join(words[:3])


def check(options, name, x, rate, fault, tally, folder):
    path, mended = folder / "heard.wav", folder / "mended.wav"
    soundfile.write(path, FAULTS[fault](x, rate), rate, subtype="FLOAT")
    report = meter(options.grammy, path, options.genre)
    heard, _ = soundfile.read(path, dtype="float64", always_2d=True)
    print(f"{name} {fault}: {report['overall']:.1f}")
    for item in report["recommendations"]:
        y = follow(heard, rate, item, report, fault, x)
        if y is not None and item["feature"] in ("mud_db", "presence_db", "bass_db", "air_db", "hum_db"):
            y = y * np.sqrt(weighted_power(heard, rate) / weighted_power(y, rate))
        if y is None:
            if options.all:
                print(f"    {item['gain']:+5.1f}          -- {item['text'][:110]}")
            continue
        soundfile.write(mended, y, rate, subtype="FLOAT")
        after = meter(options.grammy, mended, options.genre)
        real = after["overall"] - report["overall"]
        then = sub_score(after, item["sub_score"])
        if then is None:
            print(f"    {item['gain']:+5.1f} {real:+6.1f} {item['sub_score']} is not known any more: {item['text'][:70]}")
            continue
        figure = after["features"].get(item["feature"])
        alone = with_sub_score(report, item["sub_score"], then) - report["overall"] if then is not None else np.nan
        tally.rows[kind_of(item)].append((item["gain"], real, alone, item["sub_score_then"], then))
        mark = "!" if abs(real - item["gain"]) > 2 or real < -0.1 else " "
        print(f"  {mark} {item['gain']:+5.1f} {real:+6.1f} {alone:+6.1f} {item['sub_score']} {item['sub_score_now']:.0f}->{item['sub_score_then']:.0f} ({then:.0f})"
              f" {item['feature']} {item['value']:.3g}->{item['goal'] or 0:.3g} ({'-' if figure is None else format(figure, '.3g')}) {item['text'][:70]}", flush=True)
        if options.moved and mark == "!":
            for key, category in after["categories"].items():
                for sub, score in category["sub_scores"].items():
                    old = report["categories"][key]["sub_scores"][sub]["score"]
                    if old is not None and score["score"] is not None and abs(score["score"] - old) > 4:
                        print(f"          {sub} {old:.0f} -> {score['score']:.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grammy")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--faults", help="of " + ", ".join(FAULTS))
    parser.add_argument("--seconds", type=float, default=200)
    parser.add_argument("--genre")
    parser.add_argument("--all", action="store_true", help="print what can't be followed, too")
    parser.add_argument("--moved", action="store_true", help="print which sub-scores moved where a promise failed")
    options = parser.parse_intermixed_args()
    faults, tally = (options.faults.split(",") if options.faults else list(FAULTS)), Tally()
    with tempfile.TemporaryDirectory() as folder:
        for path in options.files:
            x, rate = soundfile.read(path, dtype="float64", always_2d=True, frames=int(options.seconds * 48000))
            x = np.repeat(x, 2, 1) if x.shape[1] == 1 else x[:, :2]
            for fault in faults:
                check(options, path.stem, x, rate, fault, tally, Path(folder))
    tally.print()


if __name__ == "__main__":
    main()
