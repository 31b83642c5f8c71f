#!/usr/bin/env python3
"""Tempo, beats, bars and downbeats beside librosa's and madmom's, by hand.

    tempo.py BENCH_RHYTHM FOLDER

FOLDER holds one folder a track, as `grammy make` writes them: master.wav and song.mid, which has the truth. Sound files
that lie in FOLDER itself have none: there the peers are compared with madmom. What the peers hear is kept in
FOLDER/.peers. Needs numpy, mido, soundfile and librosa; madmom 0.16.1 if it is there.
"""
import collections
import collections.abc
import json
import pathlib
import subprocess
import sys

import mido
import numpy as np

LEVELS = (0.5, 1, 2)  # counted as the same tempo


def beats_of(path, all_beats=False):
    """Beats and downbeats of a MIDI file in seconds, from the first note on or from the beginning."""
    midi = mido.MidiFile(path)
    tempi, metres, notes, end = [(0, 500000)], [(0, 4, 4)], [], 0
    for track in midi.tracks:
        tick = 0
        for event in track:
            tick += event.time
            end = max(end, tick)
            if event.type == "set_tempo":
                tempi.append((tick, event.tempo))
            elif event.type == "time_signature":
                metres.append((tick, event.numerator, event.denominator))
            elif event.type == "note_on" and event.velocity > 0:
                notes.append(tick)
    tempi, metres = sorted(tempi, key=lambda t: t[0]), sorted(metres, key=lambda m: m[0])

    def seconds(tick):
        at = 0.0
        for (start, tempo), (stop, _) in zip(tempi, tempi[1:] + [(1 << 60, 0)]):
            at += max(0, min(tick, stop) - start) * tempo * 1e-6 / midi.ticks_per_beat
        return at

    beats, downbeats = [], []
    for (start, count, unit), (stop, *_) in zip(metres, metres[1:] + [(end, 0, 0)]):
        for i, tick in enumerate(range(start, stop, midi.ticks_per_beat * 4 // unit)):
            beats.append(seconds(tick))
            if i % count == 0:
                downbeats.append(beats[-1])
    first = -1 if all_beats else seconds(min(notes)) - 0.01
    return [np.array([b for b in times if b >= first]) for times in (beats, downbeats)]


def bar_of(path):
    """Beats in the first bar of a MIDI file, as it is written: 6 in 6/8."""
    for event in (event for track in mido.MidiFile(path).tracks for event in track):
        if event.type == "time_signature":
            return event.numerator
    return 4


def f_measure(truth, heard, tolerance):
    truth, heard = np.asarray(truth), np.asarray(heard)
    if not len(truth) or not len(heard):
        return 0.0
    distance = np.abs(truth[:, None] - heard[None])
    recall, precision = (distance.min(1) <= tolerance).mean(), (distance.min(0) <= tolerance).mean()
    return 2 * recall * precision / max(recall + precision, 1e-9)


def any_level(truth, heard, tolerance):
    """The best of the beats, every second one, and twice as many."""
    truth = np.asarray(truth)
    twice = np.sort(np.concatenate([truth, (truth[1:] + truth[:-1]) / 2]))
    return max(f_measure(level, heard, tolerance) for level in (truth, truth[::2], truth[1::2], twice))


def import_madmom():
    """madmom 0.16.1 predates today's Python and NumPy: give back what they dropped."""
    for name in ("MutableSequence", "MutableMapping", "Iterable", "Mapping", "Sequence"):
        setattr(collections, name, getattr(collections.abc, name))
    for name, kind in (("float", float), ("int", int), ("object", object), ("complex", complex)):
        if name not in np.__dict__:
            setattr(np, name, kind)
    import madmom.features.downbeats as downbeats

    class Ragged:
        def __getattr__(self, name):
            return getattr(np, name)

        def asarray(self, x, *rest, **named):
            try:
                return np.asarray(x, *rest, **named)
            except ValueError:
                out = np.empty((len(x), len(x[0])), dtype=object)
                for i, row in enumerate(x):
                    for j, value in enumerate(row):
                        out[i, j] = value
                return out

    downbeats.np = Ragged()
    return downbeats


def hear_peers(path):
    import librosa

    mono, rate = librosa.load(path, sr=22050)
    tempo, beats = librosa.beat.beat_track(y=mono, sr=rate, units="time")
    heard = {"librosa": {"tempo": float(np.atleast_1d(tempo)[0]), "beats": beats.tolist(), "downbeats": []}}
    try:
        madmom = import_madmom()
    except ImportError:
        return heard
    activations = madmom.RNNDownBeatProcessor()(str(path))
    both = madmom.DBNDownBeatTrackingProcessor(beats_per_bar=[3, 4], fps=100)(activations)
    beats = both[:, 0]
    heard["madmom"] = {
        "tempo": 60 / float(np.median(np.diff(beats))),  # on a grid of 10 ms
        "beats": beats.tolist(),
        "downbeats": beats[both[:, 1] == 1].tolist(),
    }
    return heard


def cached_peers(folder, path):
    kept = folder / ".peers" / (str(path.relative_to(folder)).replace("/", "_") + ".json")
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(hear_peers(path)))
    return json.loads(kept.read_text())


def main(bench, folder):
    folder = pathlib.Path(folder)
    scored, bars = collections.defaultdict(list), collections.Counter()
    tracks = sorted(folder.glob("*/master.wav")) + sorted(p for p in folder.glob("*.*") if p.suffix in (".wav", ".flac", ".mp3", ".ogg"))
    for path in tracks:
        line = subprocess.run([bench, path], check=True, capture_output=True, text=True).stdout
        ours = json.loads(line)
        heard = {"grammy": {"tempo": ours["tempo_bpm"] or 1, "beats": ours["beats"], "downbeats": ours["downbeats"]}}
        heard.update(cached_peers(folder, path))
        midi = path.with_name("song.mid")
        report = [str(path.relative_to(folder))]
        if midi.exists():
            beats, downbeats = beats_of(midi)
            bpm = 60 / np.median(np.diff(beats))
            written, counted = bar_of(midi), int(ours["beats_per_bar"] or 0)
            bars[written, counted] += 1
            scored["beats in a bar as written", "grammy"].append(counted == written)
            for name, who in heard.items():
                right = min(abs(who["tempo"] / bpm / level - 1) for level in LEVELS) < 0.005
                figures = {
                    "tempo within 0.5 %": right,
                    "the score's octave": abs(who["tempo"] / bpm - 1) < 0.02,
                    "beats within 30 ms": f_measure(beats, who["beats"], 0.03),
                    "beats within 30 ms, any level": any_level(beats, who["beats"], 0.03),
                    "beats within 70 ms, any level": any_level(beats, who["beats"], 0.07),
                    "downbeats within 70 ms": f_measure(downbeats, who["downbeats"], 0.07),
                }
                for what, value in figures.items():
                    scored[what, name].append(value)
                report.append(f"{name} {who['tempo']:.1f} {figures['beats within 30 ms, any level']:.2f}")
            report.append(f"score {bpm:.1f}")
        if "madmom" in heard:
            for name in ("grammy", "librosa"):
                value = f_measure(heard["madmom"]["beats"], heard[name]["beats"], 0.07)
                scored["agreement with madmom, 70 ms", name].append(value)
                report.append(f"{name} as madmom {value:.2f}")
        print("  ".join(report), flush=True)
    print(f"\n{'mean over the tracks':32}" + "".join(f"{name:>10}" for name in ("grammy", "librosa", "madmom")))
    for what in dict.fromkeys(what for what, _ in scored):
        row = (scored.get((what, name)) for name in ("grammy", "librosa", "madmom"))
        print(f"{what:32}" + "".join(f"{np.mean(v):10.3f}" if v else " " * 10 for v in row))
    for written in sorted({written for written, _ in bars}):
        heard = ", ".join(f"{count} as {n}" for (w, n), count in sorted(bars.items()) if w == written)
        print(f"bars of {written} beats are heard {heard}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
