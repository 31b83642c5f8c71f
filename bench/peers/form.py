#!/usr/bin/env python3
"""Sections as the meter hears them beside those that were composed, by hand.

    form.py GRAMMY FOLDER [--peer] [--lightweight]

FOLDER holds one folder a track, as `grammy make` writes them: master.wav and release.json, which has the truth.
Boundaries are compared one to one, the ends of the track apart; labels by pairs of moments (the same kind of section or
not; Levy and Sandler 2008). --peer adds librosa's agglomerative segmentation, which is told the true number of sections.
Needs numpy; librosa for --peer.
"""
import argparse
import collections
import json
import pathlib
import subprocess

import numpy as np


def boundary_f(truth, heard, tolerance):
    """F measure of a one-to-one match, nearest first."""
    pairs = sorted((abs(t - h), i, k) for i, t in enumerate(truth) for k, h in enumerate(heard))
    taken = (set(), set())
    for distance, i, k in pairs:
        if distance <= tolerance and i not in taken[0] and k not in taken[1]:
            taken[0].add(i)
            taken[1].add(k)
    return 2 * len(taken[0]) / max(len(truth) + len(heard), 1)


def pair_f(truth, heard, length):
    """Of all pairs of moments, half a second apart: are those of one kind those of one label?"""
    times = np.arange(0.25, length, 0.5)

    def kinds(sections):
        starts = np.array([s[0] for s in sections])
        names = [s[1] for s in sections]
        return np.array([hash(names[max(np.searchsorted(starts, t, "right") - 1, 0)]) for t in times])

    a, b = kinds(truth), kinds(heard)
    same_a, same_b = (np.triu(x[:, None] == x[None], 1) for x in (a, b))
    return 2 * (same_a & same_b).sum() / max(same_a.sum() + same_b.sum(), 1)


def hear_librosa(path, sections):
    import librosa

    mono, rate = librosa.load(path, sr=22050)
    _, beats = librosa.beat.beat_track(y=mono, sr=rate)
    chroma = librosa.util.normalize(librosa.feature.chroma_cqt(y=mono, sr=rate), axis=0)
    timbre = librosa.feature.mfcc(y=mono, sr=rate)
    both = np.vstack([chroma, timbre / (timbre.std(axis=1, keepdims=True) + 1e-6) / np.sqrt(len(timbre))])
    both = librosa.util.sync(both, beats)
    times = np.concatenate([[0], librosa.frames_to_time(beats, sr=rate)])
    starts = times[librosa.segment.agglomerative(both, min(sections, both.shape[1]))]
    return starts[starts > 0.1].tolist()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grammy")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--lightweight", action="store_true")
    options = parser.parse_args()
    scored = collections.defaultdict(list)
    for path in sorted(options.folder.glob("*/master.wav")):
        release = json.loads(path.with_name("release.json").read_text())
        command = [options.grammy, "meter", str(path), "--json", "--quiet"]
        command += ["--lightweight", "true"] if options.lightweight else []
        report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        beats, unit = (int(x) for x in release["metre"].split("/"))
        bar = 60 / release["tempo_bpm"] * beats * 4 / unit
        truth = [s["start_s"] for s in release["sections"]][1:]
        who = {"grammy": [s["start_s"] for s in report["sections"]][1:]}
        if options.peer:
            who["librosa"] = hear_librosa(path, len(truth) + 1)
        line = f"{path.parent.name:24.24s} {len(truth) + 1:2d} sections"
        for name, heard in who.items():
            figures = {"within a bar": boundary_f(truth, heard, bar * 1.02), "within 0.5 s": boundary_f(truth, heard, 0.5),
                       "within 3 s": boundary_f(truth, heard, 3)}
            for what, value in figures.items():
                scored[what, name].append(value)
            line += f" | {name} {len(heard) + 1:2d} {figures['within a bar']:.2f} {figures['within 0.5 s']:.2f}"
        kinds = pair_f([(s["start_s"], s["kind"]) for s in release["sections"]],
                       [(s["start_s"], s["label"]) for s in report["sections"]], release["duration_s"])
        scored["labels, pairs", "grammy"].append(kinds)
        chorus = [s["start_s"] for s in release["sections"] if s["kind"] in ("chorus", "hook", "drop", "refrain")]
        hook = report["features"]["hook_first_s"]
        line += f" | labels {kinds:.2f} | hook {hook if hook is None else round(hook, 1)}"
        line += f" strength {report['features']['hook_strength']} repetition {report['features']['repetition']}"
        if chorus and hook is not None:
            scored["hook within a bar of the first chorus", "grammy"].append(abs(hook - chorus[0]) <= bar * 1.02)
            line += f", chorus {chorus[0]:.1f}"
        print(line, flush=True)
    print()
    for (what, name), values in scored.items():
        print(f"{what:38} {name:8} {np.mean(values):.3f} ({len(values)} tracks, median {np.median(values):.2f})")


if __name__ == "__main__":
    main()
