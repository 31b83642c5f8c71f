#!/usr/bin/env python3
"""Tempo, beats, bars, key and chords of real recordings beside a neural listener's, by hand.

    pip install librosa==0.11.0 soundfile==0.14.0 mido==1.3.3 essentia==2.1b6.dev1389
    pip install madmom==0.16.1          (with Cython below 3 and --no-build-isolation; its networks are in the package)
    ffmpeg on the PATH

    beats.py GRAMMY FOLDER --out DIR [--count 40] [--seed 1] [--seconds 80]

FOLDER holds recordings of others, a folder a collection; of each collection about as many are drawn. The middle of each
is cut out, kept in DIR and listened to once: tempo, beats and bars by madmom (Boeck, Krebs and Widmer 2016), key by
madmom's convolutional network (Korzeniowski and Widmer 2018) and by essentia, and both by librosa (its chroma with
Krumhansl's profiles). Where notes.mid lies beside a recording, with guitar.ogg as its other half, the true tempo and
beats are in it (its bars are not to be trusted).

Agreement of tempo: within 4 %; "any level" lets half and twice count. Of beats: F within 70 ms. Of keys: the key
itself, and the MIREX mark (a fifth 0.5, the relative 0.3, the parallel 0.2).
"""
import argparse
import collections
import json
import os
import random
import subprocess
import sys
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
import numpy as np

import hear
import nets
import tempo

KINDS = (".ogg", ".oga", ".opus", ".mp3", ".flac", ".wav")


def draw(folder, count, seed, least_s):
    """Recordings, of each collection about as many; always the same for a seed."""
    import soundfile

    piles = collections.defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in KINDS or not path.is_file() or path.name == "guitar.ogg":
            continue
        try:
            if soundfile.info(str(path)).duration >= least_s:
                piles[path.relative_to(folder).parts[0]].append(path)
        except RuntimeError:
            continue
    rng, drawn = random.Random(seed), []
    for pile in piles.values():
        rng.shuffle(pile)
    while len(drawn) < count and any(piles.values()):
        for pile in piles.values():
            if pile and len(drawn) < count:
                drawn.append(pile.pop())
    return drawn


def cut(path, target, seconds):
    """The middle, with the guitar that lies beside it; returns where it begins, in seconds."""
    import soundfile

    start = max(0.0, (soundfile.info(str(path)).duration - seconds) / 2)
    guitar = path.with_name("guitar.ogg")
    sources = [path] + ([guitar] if guitar.exists() else [])
    command = ["ffmpeg", "-v", "error", "-y"]
    for source in sources:
        command += ["-i", str(source)]
    if len(sources) > 1:
        command += ["-filter_complex", "amix=inputs=2:duration=longest"]
    command += ["-ss", f"{start:.3f}", "-t", str(seconds), "-ac", "2", "-ar", "44100", str(target)]
    if not target.exists():
        subprocess.run(command, check=True)
    return start


def hear_librosa(path):
    import librosa

    mono, rate = librosa.load(path, sr=22050)
    bpm, beats = librosa.beat.beat_track(y=mono, sr=rate, units="time")
    fits = []
    chroma = librosa.feature.chroma_stft(y=mono, sr=rate).mean(axis=1)
    for minor, profile in enumerate(hear.KRUMHANSL):
        fits += [(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1], tonic, bool(minor)) for tonic in range(12)]
    return {"tempo": float(np.atleast_1d(bpm)[0]), "beats": beats.tolist(), "key": list(max(fits)[1:])}


def hear_essentia(path):
    return {"key": hear.hear_essentia(path)["key"]}


def hear_madmom(path, activations):
    both = tempo.import_madmom().DBNDownBeatTrackingProcessor(beats_per_bar=[3, 4], fps=100)(activations)
    beats = both[:, 0]
    bpm = 60 * (len(beats) - 1) / (beats[-1] - beats[0]) if len(beats) > 2 else 0.0
    heard = {"tempo": bpm, "beats": beats.tolist(), "downbeats": beats[both[:, 1] == 1].tolist()}
    heard["key"] = hear.hear_madmom_key(path)
    heard["chords"] = hear.hear_madmom_chords(path)
    return heard


def know(path, name, listen):
    """What is known of a recording, with what `name` hears in it, heard once."""
    note = path.with_suffix(".json")
    known = json.loads(note.read_text()) if note.exists() else {}
    if name not in known:
        known[name] = listen()
        note.write_text(json.dumps(known))
    return known


def activate(paths):
    """Activations of beats and downbeats of those that madmom has not heard yet, cut alike."""
    front, groups = tempo.import_madmom().RNNDownBeatProcessor().processors[0], collections.defaultdict(list)
    for path in paths:
        if not (path.with_suffix(".json").exists() and "madmom" in json.loads(path.with_suffix(".json").read_text())):
            features = front(str(path))
            groups[len(features)].append((path, features))
    for group in groups.values():
        for at in range(0, len(group), 20):
            some = group[at:at + 20]
            yield from zip((path for path, _ in some), nets.downbeat_activations([f for _, f in some]))


def heard_by_peers(path):
    know(path, "librosa", lambda: hear_librosa(path))
    return know(path, "essentia", lambda: hear_essentia(path))


def heard_by_us(grammy, path, lightweight):
    command = [grammy, "meter", str(path), "--json", "--quiet"] + (["--lightweight", "true"] if lightweight else [])
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    features = report["features"]
    return {
        "tempo": features["tempo_bpm"] or 1e-9, "beats": report["beats_s"], "downbeats": report["downbeats_s"],
        "key": list(hear.key_pair(features["key"])) if features["key"] else None,
        "chords": [(c["start_s"], c["end_s"], c["name"]) for c in report["chords"]],
        "confidence": [features["tempo_confidence"], features["key_confidence"]],
    }


def chord_share(ours, theirs):
    """Share of the time that theirs has a chord in which ours has the same."""
    at, same, whole = 0, 0.0, 0.0
    for start, end, name in theirs:
        if name == "N":
            continue
        whole += end - start
        for a, b, own in ours:
            if own == name:
                same += max(0.0, min(b, end) - max(a, start))
    return same / whole if whole else np.nan


def mirex(heard, truth):
    """Mark of a key beside another, as the yearly evaluation gives it."""
    if heard is None:
        return 0.0
    (a, minor_a), (b, minor_b) = heard, truth
    if (a, minor_a) == (b, minor_b):
        return 1.0
    if minor_a == minor_b:
        return 0.5 if (a - b) % 12 in (5, 7) else 0.0
    return 0.2 if a == b else 0.3 if a == (b + (3 if minor_b else 9)) % 12 else 0.0


def true_beats(midi, start, seconds):
    beats = tempo.beats_of(midi, all_beats=True)[0] - start
    return beats[(beats >= 0) & (beats < seconds)]


def score(scored, name, who, truth, label):
    beats, bpm = np.asarray(truth["beats"]), truth["tempo"]
    ratios = [who["tempo"] / bpm / level for level in tempo.LEVELS]
    scored[f"tempo as {label}", name].append(abs(who["tempo"] / bpm - 1) < 0.04)
    scored[f"tempo as {label}, any level", name].append(min(abs(r - 1) for r in ratios) < 0.04)
    scored[f"beats as {label}", name].append(tempo.f_measure(beats, who["beats"], 0.07))
    scored[f"beats as {label}, any level", name].append(tempo.any_level(beats, who["beats"], 0.07))
    return f"{scored[f'beats as {label}', name][-1]:.2f} {scored[f'beats as {label}, any level', name][-1]:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("grammy")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=80)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    scored = collections.defaultdict(list)
    clips = []
    for path in draw(options.folder, options.count, options.seed, 45):
        name = "_".join(path.relative_to(options.folder).parts).replace(" ", "_")
        wav = options.out / (name[:24] + "-" + name[-60:] + ".wav")
        clips.append((path, wav, cut(path, wav, options.seconds)))
    for wav, activations in activate([wav for _, wav, _ in clips]):
        know(wav, "madmom", lambda: hear_madmom(wav, activations))
    for path, wav, start in clips:
        heard = heard_by_peers(wav)
        heard["grammy"] = heard_by_us(options.grammy, wav, False)
        heard["light"] = heard_by_us(options.grammy, wav, True)
        own, net = heard["grammy"], heard["madmom"]
        line = f"{wav.stem[-40:]:40s} {own['tempo']:6.1f} {heard['librosa']['tempo']:6.1f} {net['tempo']:6.1f}"
        if len(net["beats"]) > 8:
            for who in ("grammy", "light", "librosa"):
                line += "  " + score(scored, who, heard[who], net, "madmom")
            scored["bars as madmom", "grammy"].append(tempo.f_measure(net["downbeats"], own["downbeats"], 0.07))
            line += f"  bars {scored['bars as madmom', 'grammy'][-1]:.2f}"
        midi = path.with_name("notes.mid")
        if midi.exists():
            beats = true_beats(midi, start, options.seconds)
            truth = {"beats": beats, "tempo": 60 / float(np.median(np.diff(beats)))}
            line += f"  true {truth['tempo']:.1f}"
            for who in ("grammy", "light", "librosa", "madmom"):
                line += "  " + score(scored, who, heard[who], truth, "the score")
        for judge in ("madmom", "essentia"):
            for who in ("grammy", "light", "librosa", "essentia"):
                if who != judge:
                    scored[f"key as {judge}", who].append(heard[who]["key"] == heard[judge]["key"])
                    scored[f"key as {judge}, MIREX", who].append(mirex(heard[who]["key"], heard[judge]["key"]))
        if heard["madmom"]["key"] == heard["essentia"]["key"]:
            for who in ("grammy", "light", "librosa"):
                scored["key as both", who].append(heard[who]["key"] == heard["madmom"]["key"])
        line += " | key " + " ".join(
            hear.key_name(heard[w]["key"]) if heard[w]["key"] else "-" for w in ("grammy", "librosa", "madmom", "essentia"))
        scored["chords as madmom, share of time", "grammy"].append(chord_share(own["chords"], net["chords"]))
        line += f" chords {scored['chords as madmom, share of time', 'grammy'][-1]:.2f}"
        line += f" sure {own['confidence'][0] or 0:.2f} {own['confidence'][1] or 0:.2f}"
        print(line, flush=True)
    names = ("grammy", "light", "librosa", "essentia", "madmom")
    print(f"\n{'mean':36}" + "".join(f"{name:>10}" for name in names) + "  recordings")
    for what in dict.fromkeys(what for what, _ in scored):
        row = [scored.get((what, name)) for name in names]
        print(f"{what:36}" + "".join(f"{np.nanmean(v):10.3f}" if v else " " * 10 for v in row), max(len(v or []) for v in row))


if __name__ == "__main__":
    main()
