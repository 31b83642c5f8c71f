#!/usr/bin/env python3
"""Standard beside lightweight: how far the overall scores, the sub-scores and what was heard lie apart, by hand.

    modes.py GRAMMY FOLDER...

A FOLDER holds tracks as `grammy make` writes them, one a folder, judged by their style, or sound files, judged without.
"""
import collections
import json
import pathlib
import subprocess
import sys

import numpy as np

SOUND = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".aiff")


def meter(grammy, path, genre, lightweight):
    command = [grammy, "meter", str(path), "--json", "--quiet", "--lightweight", "true" if lightweight else "false"]
    command += ["--genre", genre] if genre else []
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def tracks_of(folder):
    for path in sorted(folder.glob("*/master.wav")):
        yield path, json.loads(path.with_name("brief.json").read_text())["style"]
    for path in sorted(p for p in folder.iterdir() if p.suffix in SOUND):
        yield path, None


def main(grammy, folders):
    apart, subs, alike = [], collections.defaultdict(list), collections.Counter()
    for folder in folders:
        for path, genre in tracks_of(pathlib.Path(folder)):
            full, light = (meter(grammy, path, genre, mode) for mode in (False, True))
            apart.append(light["overall"] - full["overall"])
            for name, category in full["categories"].items():
                for sub, value in category["sub_scores"].items():
                    other = light["categories"][name]["sub_scores"][sub]["score"]
                    if value["score"] is not None and other is not None:
                        subs[sub].append(abs(value["score"] - other))
            a, b = full["features"], light["features"]
            alike["key"] += a["key"] == b["key"]
            alike["tempo within 0.5 %"] += a["tempo_bpm"] == b["tempo_bpm"] or (
                None not in (a["tempo_bpm"], b["tempo_bpm"]) and abs(a["tempo_bpm"] / b["tempo_bpm"] - 1) < 0.005)
            alike["sections"] += [round(s["start_s"], 1) for s in full["sections"]] == [round(s["start_s"], 1) for s in light["sections"]]
            name = path.parent.name if genre else path.name
            print(f"{name:28.28s} {genre or '-':22.22s} {full['overall']:6.2f} {light['overall']:6.2f} {apart[-1]:+6.2f}", flush=True)
    size = np.abs(apart)
    print(f"\n{len(size)} tracks: {(size <= 3).sum()} within 3 points, farthest {size.max():.2f}, mean {size.mean():.2f}")
    for name, count in alike.items():
        print(f"the same {name}: {count}")
    for sub, values in sorted(subs.items(), key=lambda s: -max(s[1])):
        if max(values) >= 1:
            print(f"  {sub:24} farthest {max(values):5.1f}, mean {np.mean(values):.2f}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
