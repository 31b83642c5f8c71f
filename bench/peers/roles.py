"""Roles learned from what stems sound like: the rows `sounds` of data/roles.yaml, and how often they are right. By hand.

    pip install numpy pyyaml
    roles.py STYLES_DIR TRAIN.jsonl [--test HELD_OUT.jsonl] [--whole RECORDINGS.jsonl]
             [--real ROLE=FILE.jsonl] [--rows N]

The .jsonl are lines of `bench_roles FILE...`. A file's folder begins with its style ("pop/3/02-keys.wav", "ours-pop/02-keys.wav");
its part in styles/*.yaml says what it is. --whole: finished recordings, which are the role "other". --real: recorded stems of
that role, which get a row of their own. Printed are shares of
stems given their very role and a role of its family: with each style left out in turn, and on the held-out seeds.
"""
import json
import re
import sys
from pathlib import Path

import numpy as np
import yaml

FAMILY = {"lead": "melody", "counter": "melody", "vocal": "melody", "chords": "harmony", "pad": "harmony", "arp": "harmony"}
# What is known of singing; none of the styles sings words.
VOICE = ("vocal", 0.06, [-25, -22, -0.6, -22, 1.6, 7, 0.75, 0.8, 0.1, 0.9, 0.6, 0.9],
         [10, 8, 0.6, 6, 0.7, 3, 0.2, 0.12, 0.7, 0.35, 0.15, 0.3])
LEAST = np.array([2, 2, 0.3, 1.5, 0.4, 1, 0.08, 0.06, 0.3, 0.2, 0.05, 0.2])
FREEDOM = 8


def slug(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def parts_of(folder):
    return {path.stem: {slug(part["name"]): part["role"] for part in yaml.safe_load(path.read_text())["parts"]}
            for path in Path(folder).glob("*.yaml")}


def read(path, parts):
    rows = []
    for line in open(path):
        row = json.loads(line)
        folders, name = row["file"].split("/")[:-1], re.sub(r"^\d+-|\.wav$", "", row["file"].split("/")[-1])
        style = next((s for f in folders for s in parts if f in (s, f"ours-{s}")), None)
        role = parts.get(style, {}).get(name)
        if role and not row["silent"]:
            rows.append((style, role, np.array(row["traits"])))
    return rows


def clusters(x, count, rng):
    """k-means over traits in units of their spread; the best of ten starts."""
    best = None
    for _ in range(10):
        middle = x[rng.choice(len(x), count, replace=False)]
        for _ in range(30):
            nearest = ((x[:, None] - middle) ** 2).sum(2).argmin(1)
            middle = np.array([np.median(x[nearest == k], 0) if (nearest == k).any() else middle[k] for k in range(count)])
        cost = np.abs(x - middle[nearest]).sum()
        if best is None or cost < best[0]:
            best = (cost, nearest)
    return best[1]


def learn(rows, most):
    """Rows (role, share, middle, spread): a role has one for every 18 stems, as many as `most`."""
    rng, out = np.random.default_rng(1), []
    whole = np.array([x for _, _, x in rows])
    scale = np.maximum((np.percentile(whole, 84, 0) - np.percentile(whole, 16, 0)) / 2, LEAST)
    for role in dict.fromkeys(r for _, r, _ in rows):
        x = np.array([t for _, r, t in rows if r == role])
        count = max(1, min(most, len(x) // 18))
        label = clusters(x / scale, count, rng)
        for k in range(count):
            mine = x[label == k]
            if len(mine) == 0:
                continue
            spread = np.maximum((np.percentile(mine, 84, 0) - np.percentile(mine, 16, 0)) / 2, LEAST * (1 if len(mine) > 8 else 1.5))
            out.append((role, len(mine) / len(rows), np.median(mine, 0), spread))
    return out + [(VOICE[0], VOICE[1], np.array(VOICE[2]), np.array(VOICE[3]))]


def row_of(path, role):
    x = np.array([json.loads(line)["traits"] for line in open(path)])
    spread = np.maximum((np.percentile(x, 84, 0) - np.percentile(x, 16, 0)) / 2, LEAST * 1.5)
    return role, 0.05, np.median(x, 0), spread


def tell(model, x):
    """As grm_roles_by_sound has it."""
    fits = {}
    for role, share, middle, spread in model:
        z = (x - middle) / spread
        fit = 0.5 * np.log(share) - (np.log(spread) + (FREEDOM + 1) / 2 * np.log(1 + z * z / FREEDOM)).sum()
        fits[role] = np.logaddexp(fits.get(role, -np.inf), fit)
    return max(fits, key=fits.get)


def score(model, rows):
    found = [(role, tell(model, x)) for _, role, x in rows]
    return (np.mean([a == b for a, b in found]), np.mean([FAMILY.get(a, a) == FAMILY.get(b, b) for a, b in found]), len(found))


def print_rows(model):
    for role, share, middle, spread in model:
        print(f"  - {{role: {role}, share: {max(share, 0.001):.3f},\n     middle: [{', '.join(f'{v:.2f}' for v in middle)}],\n"
              f"     spread: [{', '.join(f'{v:.2f}' for v in spread)}]}}")


def main():
    option = lambda name: sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None
    parts = parts_of(sys.argv[1])
    rows = read(sys.argv[2], parts)
    if option("--whole"):
        rows += [("whole", "other", np.array(json.loads(line)["traits"])) for line in open(option("--whole"))]
    held_out = read(option("--test"), parts) if option("--test") else []
    real = [row_of(option("--real").split("=")[1], option("--real").split("=")[0])] if option("--real") else []
    for most in (1, 2, 3, 4, 6) if "--rows" not in sys.argv else [int(option("--rows"))]:
        left_out = np.array([[*score(learn([r for r in rows if r[0] != style], most) + real, [r for r in rows if r[0] == style])]
                             for style in sorted({r[0] for r in rows} - {"whole"})])
        mean = (left_out[:, :2] * left_out[:, 2:]).sum(0) / left_out[:, 2].sum()
        line = f"{most} rows a role: styles left out {mean[0]:.3f} {mean[1]:.3f}"
        if held_out:
            line += "   held-out seeds {:.3f} {:.3f} of {}".format(*score(learn(rows, most) + real, held_out))
        print(line, file=sys.stderr, flush=True)
    if "--rows" in sys.argv:
        print_rows(learn(rows, int(option("--rows"))) + real)


if __name__ == "__main__":
    main()
