"""Folders of stems as strangers send them, for bench/peers/mix.py: made from stems of ours, speech, and recordings of others.

    pip install numpy scipy soundfile      (speech from espeak-ng, multitrack songs through ffmpeg, where they are there)
    stem_sets.py OUT OURS [SONGS]          OURS: a folder with one folder of dry stems a style, from `grammy render`;
                                           SONGS: a folder with folders that hold song.ogg and guitar.ogg
"""
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy.signal import resample_poly, sosfilt, butter

RATE = 48000


def load(path, seconds=45):
    sound, rate = sf.read(path, always_2d=True, dtype="float64", stop=int(seconds * sf.info(path).samplerate))
    return sound if rate == RATE else resample_poly(sound, RATE, rate, axis=0)


def save(path, sound, rate=RATE, subtype="PCM_24"):
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, sound, rate, subtype=subtype)


def noise(rng, frames, channels, level_db):
    return rng.standard_normal((frames, channels)) * 10 ** (level_db / 20)


def stems_of(folder):
    return sorted(p for p in folder.iterdir() if p.suffix in (".wav", ".flac", ".ogg"))


def neutral(source, out):
    """Names that say nothing."""
    for i, path in enumerate(stems_of(source)):
        save(out / f"stem{i + 1:02d}.wav", load(path))


def odd(source, out):
    """Every rate, width and length, some mono, integers and floats."""
    rates = [22050, 44100, 96000, 32000, 88200, 11025, 48000]
    for i, path in enumerate(stems_of(source)):
        sound, rate = load(path, 45 - 2 * (i % 4)), rates[i % len(rates)]
        sound = resample_poly(sound, rate // 25, RATE // 25, axis=0)
        save(out / path.name, sound.mean(axis=1) if i % 3 == 1 else sound, rate, ["PCM_16", "PCM_24", "FLOAT"][i % 3])


def levels(source, out):
    """Each 45 dB too soft, or hot, some clipped on the way."""
    gains = [-45, 12, 0, -30, 18, -12, 6]
    for i, path in enumerate(stems_of(source)):
        sound = load(path)
        sound *= 10 ** (gains[i % len(gains)] / 20) / max(np.abs(sound).max(), 1e-9)
        save(out / path.name, np.clip(sound, -1, 1), subtype="FLOAT" if gains[i % len(gains)] < -20 else "PCM_24")


def dirty(source, out):
    """Direct current, hum and hiss beneath, a click, silence, a late start, a stem that is almost nothing."""
    rng = np.random.default_rng(5)
    for i, path in enumerate(stems_of(source)):
        sound = load(path)
        t = np.arange(len(sound))[:, None] / RATE
        if i % 4 == 0:
            sound = sound + 0.08
        if i % 4 == 1:
            sound = sound + noise(rng, len(sound), sound.shape[1], -58) + 0.001 * np.sin(2 * np.pi * 50 * t)
        if i % 4 == 2:
            sound[RATE * 7] += 0.95
        if i % 4 == 3:
            sound = np.concatenate([np.zeros((RATE * 5, sound.shape[1])), sound[:-5 * RATE]])
        save(out / path.name, np.clip(sound, -1, 1))
    save(out / "nothing.wav", np.zeros((RATE * 20, 2)))
    save(out / "almost nothing.wav", noise(rng, RATE * 30, 2, -95))


def twins(source, out):
    """One stem twice, one upside down."""
    paths = stems_of(source)
    for path in paths:
        save(out / path.name, load(path))
    save(out / f"{paths[0].stem} copy.wav", load(paths[0]))
    save(out / f"{paths[2].stem} inverted.wav", -load(paths[2]))


def single(source, out):
    save(out / "bounce.wav", sum(load(path) for path in stems_of(source)) / 4)


def many(sources, out):
    """Forty stems: of three songs at once."""
    paths = [path for source in sources for path in stems_of(source)][:40]
    for i, path in enumerate(paths):
        save(out / f"{i + 1:02d} {path.stem[3:]}.wav", load(path, 30) * 0.3)


def band(sound, low, high):
    return sosfilt(butter(2, [low, high], "bandpass", fs=RATE, output="sos"), sound, axis=0)


def drum_kit(source, out):
    """A kit under microphones: every one hears the others, the room and its own noise."""
    rng = np.random.default_rng(9)
    hits = {key: load(next(p for p in stems_of(source) if key in p.name)).mean(axis=1, keepdims=True)
            for key in ("kick", "snare", "hats")}
    for key in hits:
        hits[key] /= np.abs(hits[key]).max()
    frames = len(hits["kick"])
    late = lambda x, n: np.concatenate([np.zeros((n, 1)), x[:-n]])
    mics = {"Kick In": (1, 0.09, 0.02), "SN Top": (0.12, 0.8, 0.12), "HH": (0.03, 0.15, 0.5)}
    for name, gains in mics.items():
        save(out / f"{name}.wav", 0.7 * sum(g * hits[k] for g, k in zip(gains, hits)) + noise(rng, frames, 1, -56))
    for side, delay in (("L", 190), ("R", 230)):
        air = sum(g * late(hits[k], delay) for g, k in zip((0.25, 0.3, 0.35), hits))
        save(out / f"OH {side}.wav", air + noise(rng, frames, 1, -60))
    for path in stems_of(source):
        if any(word in path.name for word in ("bass", "keys", "lead")):
            save(out / path.name, load(path))


def speech(out, source):
    """A rapper over a beat: phrases, and a noisy room between them."""
    words = ["The morning came and nobody was there to see it", "I walked along the river to the sea",
             "We never asked for more than what was given", "And now the night is closing over me"]
    rng = np.random.default_rng(2)
    voice = np.zeros(45 * RATE)
    for i in range(8):
        path = out.parent / "phrase.wav"
        subprocess.run(["espeak-ng", "-s", "170", "-w", path, words[i % 4]], check=True)
        phrase = load(path)[:, 0]
        path.unlink()
        voice[(4 + 5 * i) * RATE:][:len(phrase)] += phrase[:len(voice) - (4 + 5 * i) * RATE]
    save(out / "LdVox.wav", 0.3 * voice[:, None] + noise(rng, len(voice), 1, -52))
    for path in stems_of(source):
        if "lead" not in path.name:
            save(out / path.name, load(path))


def songs(folder, out):
    for song in sorted(folder.rglob("song.ogg")):
        target = out / ("song-" + song.parent.name.replace(" ", "-"))
        target.mkdir(parents=True, exist_ok=True)
        for part in ("song", "guitar", "rhythm"):
            path = song.parent / f"{part}.ogg"
            if path.exists():
                subprocess.run(["ffmpeg", "-v", "error", "-y", "-ss", "40", "-t", "50", "-i", path, target / f"{part}.wav"], check=True)


def main():
    out, ours = Path(sys.argv[1]), Path(sys.argv[2])
    styles = {p.name: p for p in sorted(ours.iterdir()) if p.is_dir()}
    neutral(styles["rock"], out / "neutral-rock")
    neutral(styles["house"], out / "neutral-house")
    odd(styles["pop"], out / "odd-pop")
    levels(styles["rnb-soul"], out / "levels-rnb")
    levels(styles["synthwave"], out / "levels-synthwave")
    dirty(styles["folk"], out / "dirty-folk")
    dirty(styles["pop"], out / "dirty-pop")
    twins(styles["funk"], out / "twins-funk")
    single(styles["jazz-swing"], out / "single")
    many([styles[s] for s in ("pop", "house", "synthwave", "rock")], out / "many")
    drum_kit(styles["drum-and-bass"], out / "kit")
    if shutil.which("espeak-ng"):
        speech(out / "rap", styles["trap"])
    if len(sys.argv) > 3:
        songs(Path(sys.argv[3]), out)


if __name__ == "__main__":
    main()
