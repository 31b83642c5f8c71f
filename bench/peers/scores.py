#!/usr/bin/env python3
"""What composed songs are made of, beside real music. By hand, never a test: seconds a style.

    pip install mido==1.3.3 numpy librosa==0.11.0      (librosa because the measuring script asks for it)

    scores.py figures build/grammy LISTEN.PY      styles x seeds: which figures lie outside every reference collection
    scores.py seeds build/grammy LISTEN.PY        20 seeds a style: what two songs of one prompt have in common

LISTEN.PY is a script with read_midi, score_figures, load_reference and compare; it is not part of the repository.
A cell "3+" says: in three of the songs above the 90th percentile of every collection, "2-": in two below the 10th.
A figure outside is a question; the styles' own comments say where a genre leaves the ranges on purpose.
"""
import argparse
import collections
import importlib.util
import statistics
import subprocess
import sys
from pathlib import Path

import mido

STYLES = """lofi-hip-hop trap boom-bap house techno trance drum-and-bass ambient synthwave pop rock funk rnb-soul jazz-swing
orchestral-cinematic classical-piano classical-chamber folk bossa-nova tropical-pop""".split()
REFERENCE = {"jazz-swing": "jazz_standard", "bossa-nova": "jazz_standard", "folk": "nottingham"}
KITS = {"funk": "funk", "lofi-hip-hop": "hiphop", "boom-bap": "hiphop", "trap": "hiphop", "jazz-swing": "jazz",
        "bossa-nova": "latin", "rock": "rock", "rnb-soul": "soul"}
GROUPS = ("melody", "harmony", "outer_voices", "voice_leading", "drums")


def load_listener(path):
    spec = importlib.util.spec_from_file_location("listen", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["listen"] = module
    spec.loader.exec_module(module)
    return module


def compose(options, style, seed):
    path = options.out / f"{style}-{seed}.mid"
    command = [options.grammy, "compose", options.prompt or style.replace("-", " "), "--genre", style, "--seed", str(seed),
               "-o", str(path), "--quiet"]
    if options.seconds:
        command += ["--duration", str(options.seconds)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return path


def measure(listener, references, path, style):
    """-> {(group, figure): (value, side)}; side is '' inside the ranges, else '+' or '-' with '!' when outside all"""
    score = listener.read_midi(path)
    figures, _ = listener.score_figures(score)
    out = {}
    for group in GROUPS:
        found = figures.get(group, {})
        if group == "voice_leading":  # the first of the chord parts stands for all
            found = next(iter(found.values()), {})
        wanted = KITS.get(style, "") if group == "drums" else REFERENCE.get(style, "")
        for name, value, low, middle, high, mark in listener.compare(group, found, references, wanted)[1]:
            side = "" if mark != "!!" or middle is None else "+" if value > middle else "-"
            out[group, name] = value, side
    form = figures["form"]
    for name in ("block_seams_with_a_change_of_parts_share", "least_parts", "most_parts", "densest_to_sparsest_block"):
        if name in form:
            out["form", name] = form[name], ""
    return out


def show_figures(options, listener):
    references = listener.load_reference()
    rows, order = collections.defaultdict(dict), []
    marks = collections.Counter()
    for style in options.styles or STYLES:
        songs = [measure(listener, references, compose(options, style, seed), style)
                 for seed in range(1, options.seeds + 1)]
        for song in songs:
            order += [key for key in song if key not in rows and key not in order]
        for key in order:
            values = [song[key] for song in songs if key in song]
            if not values:
                continue
            sides = collections.Counter(side for _, side in values)
            above, below = sides["+"], sides["-"]
            marks[style] += above + below
            rows[key][style] = (f"{above}+" if above else "") + (f"{below}-" if below else ""), statistics.median(
                value for value, _ in values)
    styles = options.styles or STYLES
    print(f"{'':42s}" + " ".join(f"{s[:9]:>9s}" for s in styles))
    for key in order:
        cells = [rows[key].get(style, ("", None)) for style in styles]
        if not options.all and not any(mark for mark, _ in cells) and key[0] != "form":
            continue
        print(f"{key[0][:8]:8s} {key[1][:33]:33s}" + " ".join(
            f"{'' if value is None else f'{value:.2f}':>5s}{mark or '':<4s}" for mark, value in cells))
    print(f"{'outside, figures a song':42s}" + " ".join(f"{marks[s] / options.seeds:9.1f}" for s in styles))


def track_named(song, wanted):
    return next((t for t in song.tracks if wanted(t.name)), None)


def onsets(track, ticks):
    now, out = 0, []
    for message in track or ():
        now += message.time
        if message.type == "note_on" and message.velocity:
            out.append((round(now / ticks * 4), message.note))
    return out


def portrait(listener, path):
    """What of a song another seed should not have: its tune's first eight bars, its chords, its players."""
    song = mido.MidiFile(path)
    score = listener.read_midi(path)
    tune = track_named(song, lambda name: "Melody" in name) or track_named(song, lambda name: "Riff" in name)
    notes = onsets(tune, song.ticks_per_beat)
    start = notes[0][0] // 16 * 16 if notes else 0
    first = [(at - start, pitch) for at, pitch in notes if at < start + 128]
    steps = tuple((b[1] - a[1], b[0] - a[0]) for a, b in zip(first, first[1:]))
    backing = [n for p in score.parts if not p.drums for n in p.notes if "Melody" not in p.name]
    chords = listener.guess_chords(sorted(backing), score.bar, score.beat, score.end())
    tonic = score.key[0] if score.key else 0
    roots = tuple(((c.root - tonic) % 12, tuple(sorted((x - c.root) % 12 for x in c.pcs)), round(c.start)) for c in chords)
    cast = tuple(sorted((p.name, p.program) for p in score.parts))
    form = tuple((round(at), name) for at, name in score.markers)
    return {"tune": steps, "chords": roots, "cast": cast, "form": form, "tempo": round(score.bpm_at(0)), "key": score.key}


def show_seeds(options, listener):
    print(f"{'pairs of ' + str(options.seeds) + ' songs with the same':32s}" +
          " ".join(f"{k:>8s}" for k in ("tune", "rhythm", "chords", "cast", "form", "tempo", "key")))
    for style in options.styles or STYLES:
        songs = [portrait(listener, compose(options, style, seed)) for seed in range(1, options.seeds + 1)]
        for song in songs:
            song["rhythm"] = tuple(step for _, step in song["tune"])
        same = collections.Counter()
        for i, a in enumerate(songs):
            for b in songs[i + 1:]:
                for key in a:
                    same[key] += a[key] == b[key] and bool(a[key])
        print(f"{style:32s}" + " ".join(f"{same[k]:8d}" for k in ("tune", "rhythm", "chords", "cast", "form", "tempo", "key")),
              flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("figures", "seeds"))
    parser.add_argument("grammy")
    parser.add_argument("listener", type=Path)
    parser.add_argument("--out", type=Path, default=Path("scores"))
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--seconds", type=float, help="length; the styles' own without it")
    parser.add_argument("--prompt", help="instead of the style's name")
    parser.add_argument("--styles", nargs="*")
    parser.add_argument("--all", action="store_true", help="figures inside the ranges too")
    options = parser.parse_args()
    options.seeds = options.seeds or (3 if options.mode == "figures" else 20)
    options.out.mkdir(parents=True, exist_ok=True)
    (show_figures if options.mode == "figures" else show_seeds)(options, load_listener(options.listener))


if __name__ == "__main__":
    sys.exit(main())
