#!/usr/bin/env python3
"""Weights of the ear for form, fitted on tracks whose sections are known, by hand.

    form_fit.py BENCH_FORM FOLDER... [--folds 4] [--decay 2]

A FOLDER holds one folder a track, as `grammy make` writes them: master.wav and release.json, which has the truth. What
bench_form says of a track is kept beside it (cues.json; delete it when the cues change). A cut of a track into sections
has a score: cues where sections begin, in deviations from their mean in the track, and what lengths sections have. The
weights are those under which the true cuts are likeliest among all (a semi-Markov conditional random field; Sarawagi
and Cohen 2004), by L-BFGS with decaying weights. Printed: figures of each track left out with its fold, then the tables
of src/meter/form_cut.c. Needs numpy and scipy.
"""
import argparse
import json
import pathlib
import subprocess

import numpy as np
from scipy.optimize import minimize

CUES = ["ACCENT", "LEVEL_2", "LEVEL_4", "COLOUR_2", "COLOUR_4", "STRIPES", "LONG_STRIPES", "COLOUR_STRIPES", "AGAIN_4", "AGAIN_8", "REPAINTED"]
LEAST = [1, 0.3, 0.3, 0.3, 0.3, 0.02, 0.02, 0.02, 0.04, 0.04, 0.3]
BARS = [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 32, "fours", "even", "odd"]
LENGTHS = BARS + ["eight_beyond_16", "octaves", "squares", "last", "rest"]
LONGEST = 48  # bars


def length_features(bars, seconds, first, last):
    v = np.zeros(len(LENGTHS))
    kind = bars if bars in BARS else "fours" if bars % 4 == 0 else "even" if bars % 2 == 0 else "odd"
    v[BARS.index(kind)] = 0.5 if first or last else 1
    octaves = np.log2(max(seconds, 0.1) / 16)
    v[len(BARS):] = (max(bars - 16, 0) / 8, octaves, octaves**2, last * min(bars, 16) / 8,
                     last * (bars < 4))
    return v


class Track:
    def __init__(self, bench, folder):
        kept = folder / "cues.json"
        if not kept.exists():
            kept.write_text(subprocess.run([bench, folder / "master.wav"], check=True, capture_output=True, text=True).stdout)
        heard, release = json.loads(kept.read_text()), json.loads((folder / "release.json").read_text())
        self.name, self.at, cues = folder.name, np.array(heard["at"]), np.array(heard["cues"])
        n = self.n = len(cues)
        self.z = np.zeros((n, 1 + len(CUES)))
        self.z[1:] = np.hstack([np.ones((n - 1, 1)), (cues[1:] - cues[1:].mean(0)) / np.maximum(cues[1:].std(0), LEAST)])
        self.f, self.ok = np.zeros((n + 1, LONGEST + 1, len(LENGTHS))), np.zeros((n + 1, LONGEST + 1), bool)
        for end in range(1, n + 1):
            for bars in range(1, min(LONGEST, end) + 1):
                self.ok[end, bars] = True
                self.f[end, bars] = length_features(bars, self.at[end] - self.at[end - bars], bars == end, end == n)
        beats, unit = (int(x) for x in release["metre"].split("/"))
        self.bar = 60 / release["tempo_bpm"] * beats * 4 / unit
        self.truth = np.array([s["start_s"] for s in release["sections"]][1:])
        nearest = {int(np.argmin(abs(self.at - t))) for t in self.truth}
        self.cuts = sorted(k for k in nearest if 0 < k < n and min(abs(self.at[k] - self.truth)) < 0.75 * self.bar)

    def scores(self, w):
        lines = self.z @ w[: self.z.shape[1]]
        return lines, np.where(self.ok, self.f @ w[self.z.shape[1]:], -1e9)


def sums(lines, lengths, n):
    """Logarithms of the sums over all cuts up to each line, and from it on."""
    to, on = np.full(n + 1, -1e18), np.full(n + 1, -1e18)
    to[0] = on[n] = 0
    for end in range(1, n + 1):
        bars = np.arange(1, min(LONGEST, end) + 1)
        to[end] = np.logaddexp.reduce(to[end - bars] + lengths[end, bars]) + (lines[end] if end < n else 0)
    for start in range(n - 1, -1, -1):
        ends = start + np.arange(1, min(LONGEST, n - start) + 1)
        behind = np.where(ends < n, lines[np.minimum(ends, n - 1)], 0)
        on[start] = np.logaddexp.reduce(lengths[ends, ends - start] + on[ends] + behind)
    return to, on


def loss(w, tracks, decay):
    free = np.ones(len(w))
    free[0] = 0.05
    total, slope = decay * (w**2 * free).sum(), 2 * decay * w * free
    for t in tracks:
        lines, lengths = t.scores(w)
        to, on = sums(lines, lengths, t.n)
        edges = [0] + t.cuts + [t.n]
        on_lines, on_lengths = -np.exp(np.minimum(to + on - to[t.n], 0))[: t.n], np.zeros(lengths.shape)
        on_lines[0] = 0
        on_lines[t.cuts] += 1
        total += to[t.n] - lines[t.cuts].sum()
        for end in range(1, t.n + 1):
            bars = np.arange(1, min(LONGEST, end) + 1)
            at_end = on[end] + (lines[end] if end < t.n else 0) - to[t.n]
            on_lengths[end, bars] = -np.exp(np.minimum(to[end - bars] + lengths[end, bars] + at_end, 0))
        for start, end in zip(edges, edges[1:]):
            bars = min(end - start, LONGEST)
            total -= lengths[end, bars]
            on_lengths[end, bars] += 1
        slope -= np.concatenate([on_lines @ t.z, np.einsum("el,elk->k", on_lengths, t.f)])
    return total, slope


def fit(tracks, decay):
    start = np.zeros(1 + len(CUES) + len(LENGTHS))
    start[0] = -2
    return minimize(loss, start, (tracks, decay), jac=True, method="L-BFGS-B", options={"maxiter": 80}).x


def cut(track, w):
    lines, lengths = track.scores(w)
    best, origin = np.zeros(track.n + 1), np.zeros(track.n + 1, int)
    for end in range(1, track.n + 1):
        bars = np.arange(1, min(LONGEST, end) + 1)
        values = best[end - bars] + lengths[end, bars]
        origin[end] = end - bars[values.argmax()]
        best[end] = values.max() + (lines[end] if end < track.n else 0)
    found, end = [], track.n
    while origin[end] > 0:
        end = origin[end]
        found.append(track.at[end])
    return found


def figures(tracks, cuts):
    right = truth = heard = 0
    for t, found in zip(tracks, cuts):
        pairs, taken = sorted((abs(a - b), i, k) for i, a in enumerate(t.truth) for k, b in enumerate(found)), (set(), set())
        for distance, i, k in pairs:
            if distance <= 1.02 * t.bar and i not in taken[0] and k not in taken[1]:
                taken[0].add(i)
                taken[1].add(k)
        right, truth, heard = right + len(taken[0]), truth + len(t.truth), heard + len(found)
    return f"precision {right / heard:.3f}, recall {right / truth:.3f}, F {2 * right / (truth + heard):.3f} within a bar"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--decay", type=float, default=2)
    options = parser.parse_args()
    tracks = [Track(options.bench, path.parent) for folder in options.folders for path in sorted(folder.glob("[!.]*/master.wav"))]
    if options.folds > 1:
        cuts = {}
        for fold in range(options.folds):
            w = fit([t for i, t in enumerate(tracks) if i % options.folds != fold], options.decay)
            cuts.update({i: cut(t, w) for i, t in enumerate(tracks) if i % options.folds == fold})
        print(f"{len(tracks)} tracks, left out: {figures(tracks, [cuts[i] for i in range(len(tracks))])}")
    w = fit(tracks, options.decay)
    print("fitted:", figures(tracks, [cut(t, w) for t in tracks]))
    for name, weight, least in zip(CUES, w[1:], LEAST):
        print(f"    [GRM_CUE_{name}] = {{{weight:.2f}f, {least}f}},")
    print(f"bias = {w[0]:.2f}f")
    of = dict(zip(LENGTHS, w[1 + len(CUES):]))
    print("of_bars =", ", ".join(f"{of[b if b in of else 'even' if b % 2 == 0 else 'odd']:.2f}f" for b in range(1, 17)))
    for name in (24, 32) + tuple(LENGTHS[12:]):
        print(f"of_{name} = {of[name]:.2f}f")


if __name__ == "__main__":
    main()
