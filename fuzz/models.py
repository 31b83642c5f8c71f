#!/usr/bin/env python3
"""Damaged MusicGen models through the whole program: safetensors, .grm, tokenizer.json and config.json.

    CC=clang meson setup build-asan -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized
    ninja -C build-asan grammy && fuzz/models.py build-asan/grammy --count 600

Bytes are turned, lengths and numbers lied about, files cut off; of a .grm the directory's checksum is made anew, so that
what lies behind it is reached. Each goes through `generate` of a few steps; wrong is a sanitizer's word, a signal, an
exit code but 0, 3 and 4, more than 20 s, or more than 1 GB of memory. What was wrong is kept.
"""
import argparse
import hashlib
import json
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import wave

EXTREMES = [0, 1, -1, 2, 3, 7, 255, 4096, 65535, 65536, 1 << 20, (1 << 31) - 1, 1 << 31, 1 << 32, (1 << 63) - 1, -(1 << 63), 1e308,
            -1e-300, 0.5, True, None, "", "x" * 300, "\u0000", [], {}, [[]], "gated-gelu", "F64", "musicgen_melody"]


def places(node, path=()):
    """All values inside of a JSON document."""
    if isinstance(node, dict):
        for key in node:
            yield (path + (key,))
            yield from places(node[key], path + (key,))
    elif isinstance(node, list):
        for i in range(min(len(node), 40)):
            yield path + (i,)
            yield from places(node[i], path + (i,))


def lie(rng, document):
    """Changes one to three values of a JSON document."""
    every = list(places(document))
    for path in rng.sample(every, min(len(every), rng.randint(1, 3))):
        at = document
        try:
            for key in path[:-1]:
                at = at[key]
            old = at[path[-1]]
            kind = rng.random()
            if kind < 0.1:
                del at[path[-1]]
            elif kind < 0.5 and isinstance(old, int) and not isinstance(old, bool):
                at[path[-1]] = old + rng.choice([-64, -1, 1, 64, old, -old // 2, 1 << 33])
            elif kind < 0.6 and isinstance(old, str) and old:
                place = rng.randrange(len(old))
                at[path[-1]] = old[:place] + chr(rng.choice([0, 65, 0x2581, 0xffff])) + old[place + 1:]
            else:
                at[path[-1]] = rng.choice(EXTREMES)
        except (KeyError, IndexError, TypeError):
            pass  # gone with what was changed before
    return json.dumps(document).encode()


def scar(rng, data, first, last):
    """Bytes of [first, last) turned, cut out, put in or cut off behind."""
    data = bytearray(data)
    last = max(first + 1, min(last, len(data)))
    kind = rng.random()
    if kind < 0.15:
        return bytes(data[:rng.randrange(len(data) + 1)])
    if kind < 0.3:
        place = rng.randrange(first, last)
        del data[place:place + rng.choice([1, 2, 8, 64, 1000])]
    elif kind < 0.4:
        place = rng.randrange(first, last)
        data[place:place] = bytes(rng.randrange(256) for _ in range(rng.choice([1, 2, 8, 64])))
    else:
        for _ in range(rng.choice([1, 1, 2, 4, 16])):
            data[rng.randrange(first, last)] = rng.choice([0, 255, 127, 128, ord("9"), ord("-"), rng.randrange(256)])
    return bytes(data)


def damage_safetensors(rng, data):
    size = struct.unpack("<Q", data[:8])[0]
    kind = rng.random()
    if kind < 0.15:
        return struct.pack("<Q", rng.choice([0, 1, size - 1, size + 1, size * 2, len(data), 1 << 32, (1 << 63) - 1, (1 << 64) - 1])) + data[8:]
    if kind < 0.6:
        header = lie(rng, json.loads(data[8:8 + size]))
        return struct.pack("<Q", len(header)) + header + data[8 + size:]
    return scar(rng, data, 8, 8 + size) if kind < 0.85 else scar(rng, data, 8 + size, len(data))


def damage_grm(rng, data):
    offset, size = struct.unpack("<QQ", data[16:32])
    kind = rng.random()
    if kind < 0.15:
        return scar(rng, data, 0, 64)
    if kind < 0.3:
        return scar(rng, data, 64, len(data))
    directory = lie(rng, json.loads(data[offset:offset + size])) if kind < 0.85 else scar(rng, data[offset:offset + size], 0, size)
    return data[:24] + struct.pack("<Q", len(directory)) + hashlib.sha256(directory).digest() + data[64:offset] + directory


def damage_json(rng, data):
    return lie(rng, json.loads(data)) if rng.random() < 0.75 else scar(rng, data, 0, len(data))


def run(command):
    environment = {"PATH": "/usr/bin:/bin", "LIGHTWEIGHT_MODE": "false", "MODEL_PRECISION": "int8",
                   "ASAN_OPTIONS": "hard_rss_limit_mb=1000:allocator_may_return_null=1:detect_leaks=1",
                   "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
    start = time.time()
    try:
        ran = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120, env=environment)
        return ran.returncode, ran.stderr, time.time() - start
    except subprocess.TimeoutExpired:
        return None, "", time.time() - start


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("grammy")
    p.add_argument("--count", type=int, default=600)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--keep", default="damaged", help="folder for what was wrong")
    a = p.parse_args()
    golden = pathlib.Path(__file__).parents[1] / "tests/golden/musicgen"
    tally, wrong = {}, 0
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        with wave.open(str(work / "m.wav"), "wb") as f:
            f.setnchannels(1), f.setsampwidth(2), f.setframerate(32000)
            f.writeframes(bytes(random.Random(1).randrange(256) for _ in range(16000)))
        for kind in ("mono", "melody"):
            shutil.copytree(golden / kind, work / kind, ignore=shutil.ignore_patterns("golden"))
            shutil.copy(golden / "mono/tokenizer.json", work / kind)
            subprocess.run([a.grammy, "models", "quantize", work / kind, work / f"{kind}.grm", "--precision", "int8"], check=True,
                           capture_output=True)
        for i in range(a.count):
            rng = random.Random(f"{a.seed} {i}")
            kind, what = rng.choice(["mono", "melody"]), rng.choice(["safetensors", "grm", "grm", "tokenizer", "config", "generation"])
            model = work / "model"
            if model.is_dir():
                shutil.rmtree(model)
            elif model.exists():
                model.unlink()
            if what == "grm":
                model.write_bytes(damage_grm(rng, (work / f"{kind}.grm").read_bytes()))
            else:
                shutil.copytree(work / kind, model)
                file = model / {"safetensors": "model.safetensors", "tokenizer": "tokenizer.json", "config": "config.json",
                                "generation": "generation_config.json"}[what]
                file.write_bytes((damage_safetensors if what == "safetensors" else damage_json)(rng, file.read_bytes()))
            prompt = "warm" if i % 4 == 0 else "warm beat <extra_id_3> é"  # so few words absorb cross attention
            command = [a.grammy, "generate", prompt, "--model", str(model), "--steps", "6", "-o", str(work / "x.wav"), "--quiet",
                       "--threads", "1", "--melody" if kind == "melody" else "--continue", str(work / "m.wav")]
            code, said, took = run(command)
            tally[what, code] = tally.get((what, code), 0) + 1
            if code not in (0, 3, 4) or "Sanitizer" in said or "runtime error" in said or took > 20:
                wrong += 1
                keep = pathlib.Path(a.keep) / f"{i}-{what}"
                keep.parent.mkdir(exist_ok=True)
                (shutil.copytree if model.is_dir() else shutil.copy)(model, keep)
                print(f"{i} {kind} {what}: exit {code}, {took:.1f} s: {said.strip()[:1500]}", flush=True)
    for (what, code), count in sorted(tally.items(), key=str):
        print(f"{what:12} exit {code}: {count}")
    print(f"{a.count} damaged, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
