#!/usr/bin/env python3
"""What independent ears hear in finished tracks. By hand, never a test: minutes of CPU.

    pip install librosa==0.11.0 soundfile==0.14.0 mido==1.3.3 essentia==2.1b6.dev1389
    pip install madmom==0.16.1 musicnn==0.1.0 tensorflow-cpu==2.21.0      (both optional; --no-deps for musicnn)
    ffmpeg on the PATH

    hear.py prompts build/grammy            40 prompts with a tempo and a key: tempo, key, length, loudness, true peak
    hear.py styles build/grammy             16 styles x 3 seeds: length, loudness, true peak, tunes, tags

Tracks go to --out DIR, one folder each; only song.mid, brief.json and what was heard stay (--keep keeps master.wav).
What was heard is remembered by the master's hash, so that only changed tracks are listened to again.

Tempo: half and double count as found, within 2 %. Key: the key, its relative and its parallel count; a mode counts by
its third (D lydian is D major). librosa's own figure is the nearest lag of 23 ms, so the mean distance of the beats
that it marks is asked too.
"""
import argparse
import collections
import collections.abc
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
warnings.filterwarnings("ignore")
import librosa
import mido
import numpy as np
import soundfile

HERE = Path(__file__).parent
STYLES = """lofi-hip-hop trap boom-bap house techno trance drum-and-bass ambient synthwave pop rock funk rnb-soul jazz-swing
orchestral-cinematic classical-piano""".split()

NOTES = "C C# D Eb E F F# G Ab A Bb B".split()
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
MINOR_MODES = ("minor", "dorian", "phrygian", "aeolian", "locrian")
# Krumhansl and Kessler 1982, probe-tone ratings.
KRUMHANSL = (
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)


def pitch_class(name):
    return (LETTERS[name[0]] + name.count("#") - name.count("b")) % 12


def key_pair(text):
    """'Bb minor' -> (10, True)"""
    tonic, _, mode = text.partition(" ")
    return pitch_class(tonic), mode.strip().lower() in MINOR_MODES


def key_found(heard, asked):
    tonic, minor = key_pair(asked)
    relative = ((tonic + (3 if minor else 9)) % 12, not minor)
    return heard in ((tonic, minor), (tonic, not minor), relative)


def key_name(key):
    return NOTES[key[0]] + ("m" if key[1] else "")


def tempo_found(heard, asked):
    return any(abs(h * times / asked - 1) <= 0.02 for h in heard for times in (0.5, 1, 2))


def hear_librosa(path):
    y, rate = librosa.load(path, sr=22050)
    tempo, beats = librosa.beat.beat_track(y=y, sr=rate, units="time")
    marked = 60 * (len(beats) - 1) / (beats[-1] - beats[0]) if len(beats) > 2 else 0.0
    chroma = librosa.feature.chroma_cqt(y=librosa.effects.harmonic(y), sr=rate).mean(axis=1)
    fits = [
        (np.corrcoef(np.roll(profile, tonic), chroma)[0, 1], tonic, minor)
        for minor, profile in enumerate(KRUMHANSL)
        for tonic in range(12)
    ]
    _, tonic, minor = max(fits)
    return {"tempo": [float(np.atleast_1d(tempo)[0]), float(marked)], "key": [tonic, bool(minor)]}


def hear_essentia(path):
    import essentia

    essentia.log.infoActive = essentia.log.warningActive = False
    import essentia.standard as es

    audio = es.MonoLoader(filename=str(path))()
    tonic, mode, _ = es.KeyExtractor()(audio)
    return {"tempo": [float(es.RhythmExtractor2013()(audio)[0])], "key": [pitch_class(tonic), mode == "minor"]}


def import_madmom():
    """madmom 0.16.1 predates today's Python and NumPy: give back the names that they dropped."""
    for name in ("MutableSequence", "MutableMapping", "Iterable", "Sequence"):
        setattr(collections, name, getattr(collections.abc, name))
    for name, kind in (("float", float), ("int", int), ("object", object), ("complex", complex)):
        if name not in np.__dict__:
            setattr(np, name, kind)
    import madmom.features.beats
    import madmom.features.key

    return madmom.features


def hear_madmom(path):
    features = import_madmom()
    beats = features.beats.DBNBeatTrackingProcessor(fps=100)(features.beats.RNNBeatProcessor()(str(path)))
    marked = 60 / np.median(np.diff(beats)) if len(beats) > 2 else 0.0
    mean = 60 * (len(beats) - 1) / (beats[-1] - beats[0]) if len(beats) > 2 else 0.0
    return {"tempo": [float(marked), float(mean)], "key": hear_madmom_key(path)}


def hear_madmom_key(path):
    key = import_madmom().key
    return list(key_pair(key.key_prediction_to_label(key.CNNKeyRecognitionProcessor()(str(path)))))


def hear_madmom_chords(path):
    """[(start_s, end_s, name)], named as `grammy meter` names them."""
    import_madmom()
    from madmom.features import chords

    spans = chords.DeepChromaChordRecognitionProcessor()(madmom_deep_chroma(path))
    return [(float(a), float(b), chord_name(name)) for a, b, name in spans]


def madmom_deep_chroma(path):
    from madmom.audio.chroma import DeepChromaProcessor

    return DeepChromaProcessor()(str(path))


def chord_name(text):
    """'Bb:min' -> 'Bbm'"""
    root, _, kind = text.partition(":")
    return "N" if root == "N" else NOTES[pitch_class(root)] + ("m" if kind == "min" else "")


JUDGES = {"librosa": hear_librosa, "essentia": hear_essentia, "madmom": hear_madmom}


def measure(path):
    """Length by the file's header, loudness and true peak by ffmpeg (ITU-R BS.1770, EBU R 128)."""
    text = subprocess.run(
        ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-af", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    ).stderr
    return {
        "seconds": soundfile.info(str(path)).duration,
        "lufs": float(re.findall(r"I:\s+(-?[\d.]+) LUFS", text)[-1]),
        "peak": float(re.findall(r"Peak:\s+(-?[\d.]+) dBFS", text)[-1]),
    }


def remembered(folder, master, names):
    """What is known of this master, completed by the judges that have not heard it yet."""
    note = folder / "heard.json"
    digest = hashlib.sha256(master.read_bytes()).hexdigest()
    known = json.loads(note.read_text()) if note.exists() else {}
    if known.get("sha256") != digest:
        known = {"sha256": digest, "measured": measure(master)}
    for name in names:
        if name in known:
            continue
        if name == "tags":
            import tags

            known[name] = tags.hear(master)
        else:
            known[name] = JUDGES[name](master)
    note.write_text(json.dumps(known))
    return known


def make(job):
    """One track: made, heard, and its big files removed."""
    folder = job["folder"]
    work = folder.with_name(folder.name + ".making")
    command = [job["grammy"], "make", job["prompt"], "-o", str(work), "--force", "--quiet", "--threads", "1"]
    command += ["--duration", str(job["seconds"])] + job["options"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    folder.mkdir(parents=True, exist_ok=True)
    heard = remembered(folder, work / "master.wav", job["judges"])
    for name in ["song.mid", "brief.json", "report.json"] + (["master.wav"] if job["keep"] else []):
        shutil.move(work / name, folder / name)
    shutil.rmtree(work)
    return heard


def facts_hold(measured, seconds):
    return (
        abs(measured["seconds"] - seconds) <= 0.05
        and abs(measured["lufs"] + 14) <= 0.3
        and measured["peak"] <= -1.0
    )


def facts_text(measured, seconds):
    wrong = "" if facts_hold(measured, seconds) else "  WRONG"
    return f"{measured['seconds'] - seconds:+.3f} s {measured['lufs']:.1f} LUFS {measured['peak']:.1f} dBTP{wrong}"


def jobs_of(options, wanted):
    judges = wanted.split(",")
    return {"grammy": options.grammy, "judges": judges, "keep": options.keep}


def listen_to_prompts(options):
    rows = [line.rstrip("\n").split("\t") for line in open(options.prompts) if line.strip()]
    chosen = [int(n) for n in options.only.split(",")] if options.only else range(1, len(rows) + 1)
    jobs = []
    for n in chosen:
        prompt, tempo, key, seconds = rows[n - 1]
        extra = ["--seed", str(options.seed)] if options.seed else []
        jobs.append(jobs_of(options, options.judges) | {
            "n": n, "prompt": prompt, "tempo": float(tempo), "key": key, "seconds": float(seconds),
            "options": extra, "folder": options.out / f"{n:02d}"})
    tempo_right, key_right, facts, lines = collections.Counter(), collections.Counter(), 0, 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for job, heard in zip(jobs, pool.map(make, jobs)):
            text = f"{job['n']:2d} {json.loads((job['folder'] / 'brief.json').read_text())['style']:20.20s}"
            text += f" {job['tempo']:5.0f} {job['key']:13s}"
            for name in job["judges"]:
                right = tempo_found(heard[name]["tempo"], job["tempo"]), key_found(tuple(heard[name]["key"]), job["key"])
                tempo_right[name] += right[0]
                key_right[name] += right[1]
                tempos = "/".join(f"{t:.1f}" for t in heard[name]["tempo"])
                text += f"| {name[:3]} {tempos:>11s}{' ' if right[0] else '!'} {key_name(heard[name]['key']):3s}{' ' if right[1] else '!'}"
            facts += facts_hold(heard["measured"], job["seconds"])
            lines += 1
            print(text + "| " + facts_text(heard["measured"], job["seconds"]), flush=True)
    for name in options.judges.split(","):
        print(f"{name}: tempo {tempo_right[name]}/{lines}, key {key_right[name]}/{lines}")
    print(f"length, loudness and true peak: {facts}/{lines}")


def tune_of(path):
    """The tune as (interval, steps to the next note in sixteenths) pairs: the same in any key."""
    song = mido.MidiFile(path)
    sixteenth = song.ticks_per_beat / 4
    for track in song.tracks:
        if "Melody" not in track.name:
            continue
        now, notes = 0, {}
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                notes[now] = max(message.note, notes.get(now, 0))
        moments = sorted(notes)
        return [(notes[b] - notes[a], round((b - a) / sixteenth)) for a, b in zip(moments, moments[1:])]
    return []


def shared_runs(tunes, length=12):
    """Pairs of songs that have a run of so many notes in common."""
    runs = {n: {tuple(t[i:i + length]) for i in range(len(t) - length + 1)} for n, t in tunes.items()}
    names = sorted(tunes)
    return [(a, b) for i, a in enumerate(names) for b in names[i + 1:] if runs[a] & runs[b]]


def listen_to_styles(options):
    import tags

    judges = "tags" if tags.installed() else ""
    jobs = []
    for style in options.styles or STYLES:
        for seed in range(1, options.seeds + 1):
            jobs.append(jobs_of(options, judges) | {
                "style": style, "prompt": style.replace("-", " "), "seconds": options.seconds,
                "judges": [j for j in [judges] if j],
                "options": ["--genre", style, "--seed", str(seed)], "folder": options.out / f"{style}-{seed}"})
    facts, family, tunes, vectors = 0, 0, {}, {}
    with ProcessPoolExecutor(options.jobs) as pool:
        for job, heard in zip(jobs, pool.map(make, jobs)):
            name = job["folder"].name
            facts += facts_hold(heard["measured"], job["seconds"])
            tunes[name] = tune_of(job["folder"] / "song.mid")
            text = f"{name:24s} {facts_text(heard['measured'], job['seconds'])}"
            if "tags" in heard:
                vectors[name] = heard["tags"]
                right = tags.in_family(job["style"], heard["tags"])
                family += right
                text += f"  {'  ' if right else 'NO'} {tags.text(heard['tags'])}"
            print(text, flush=True)
    print(f"length, loudness and true peak: {facts}/{len(jobs)}")
    pairs = shared_runs(tunes)
    print(f"pairs of songs that share twelve notes of their tunes: {len(pairs)} {pairs[:8]}")
    if vectors:
        print(f"genre family among the strongest tags: {family}/{len(jobs)}")
        print(tags.apart(vectors))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("prompts", "styles"))
    parser.add_argument("grammy")
    parser.add_argument("--out", type=Path, default=Path("heard"))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep master.wav")
    parser.add_argument("--prompts", default=HERE / "prompts.txt")
    parser.add_argument("--only", help="numbers of prompts: 1,5,7")
    parser.add_argument("--seed", type=int, help="another seed for all prompts")
    parser.add_argument("--judges", default="librosa,essentia,madmom")
    parser.add_argument("--styles", nargs="*")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    (listen_to_prompts if options.mode == "prompts" else listen_to_styles)(options)


if __name__ == "__main__":
    sys.exit(main())
