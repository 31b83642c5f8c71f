#!/usr/bin/env python3
"""Other random MusicGen models than those in the repository: transformers' traces against ours, a line a model.

    pip install torch==2.13.0 transformers==5.23.0 tokenizers==0.23.3 numpy
    tools/reference/musicgen_parity.py build/grammy                # all of them, some minutes
    tools/reference/musicgen_parity.py build/grammy medium melody  # those whose names have one of the words
    tools/reference/musicgen_parity.py build/grammy --draw 10 --seed 5  # ten of sizes that are drawn

Ids must be the same, hidden states within 1e-4, guided logits within 1e-3 at every step, greedy codes the same (until two
are so equally good that rounding decides, which is said), sound within 60 dB; of recordings that are continued the codes
the same in 99.9 % of frames. Pieces of more than 30 s are made by audiocraft's rule (windows of 30 s, each 18 s after the
one before, which begins with what is there; a melody goes on with its window and begins again at its end), written anew
here over transformers' decoder.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import wave

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer
from transformers import (EncodecConfig, MusicgenConfig, MusicgenDecoderConfig, MusicgenForConditionalGeneration,
                          MusicgenMelodyConfig, MusicgenMelodyDecoderConfig, MusicgenMelodyForConditionalGeneration,
                          T5Config)

import musicgen
from musicgen_windows import Windows, chroma_of

SMALL = dict(hidden=1024, heads=16, ffn=4096, text=768, text_heads=12, kv=64, text_ffn=3072)
TINY = dict(hidden=64, heads=4, ffn=128, text=40, text_heads=4, kv=8, text_ffn=96, codes=64, filters=4, latent=16)
MODELS = {
    # Meta's widths, fewer layers; the codec as it is.
    "small": dict(SMALL, layers=3, steps=60, real_codec=True, start=1.0),
    "medium": dict(SMALL, hidden=1536, heads=24, ffn=6144, layers=2, steps=40, dtype="float16", seed=2, real_codec=True),
    "large": dict(SMALL, hidden=2048, heads=32, ffn=8192, layers=2, steps=30, dtype="bfloat16", shards="200MB", seed=3),
    "stereo-small": dict(SMALL, layers=2, steps=40, stereo=True, seed=4, start=0.7),
    "melody": dict(SMALL, hidden=1536, heads=24, ffn=6144, layers=2, steps=30, melody=7.3, seed=5, dtype="float16", old_norm=True),
    "stereo-melody": dict(SMALL, hidden=768, heads=12, ffn=3072, layers=2, steps=30, melody=41.0, stereo=True, seed=6),
    # Sizes that no one has.
    "odd-heads": dict(hidden=90, heads=5, ffn=77, layers=3, text=50, text_heads=3, kv=10, text_ffn=70, codes=128, filters=3,
                      latent=20, steps=120, seed=7, old_tokenizer=True, gated=True),
    "seven-heads": dict(hidden=168, heads=7, ffn=200, layers=2, text=168, text_heads=6, kv=13, text_ffn=90, codes=256,
                        filters=2, latent=24, steps=120, seed=8, shards="300KB", old_norm=True, relu=True),
    "one-head": dict(hidden=34, heads=1, ffn=40, layers=4, text=36, text_heads=2, kv=20, text_ffn=50, codes=32, filters=2,
                     latent=10, steps=150, seed=9, dtype="bfloat16", old_tokenizer=True, start=0.4),
    "eight-codebooks": dict(TINY, codebooks=8, layers=2, steps=100, seed=10, ratios=[5, 4, 2]),
    "tiny-stereo": dict(TINY, stereo=True, layers=2, steps=80, seed=11, dtype="float16", start=1.3, residuals=2),
    "unguided": dict(TINY, layers=3, steps=100, seed=12, guidance=1.0),
    "guidance-5": dict(TINY, layers=3, steps=100, seed=13, guidance=5.5, prompt=""),
    "melody-tail": dict(TINY, layers=2, steps=60, seed=14, melody=0.3, chroma=23),
    # Texts that are short enough to absorb cross attention.
    "absorbed": dict(SMALL, layers=2, steps=270, seed=21, prompt="warm slow piano"),
    "absorbed-medium": dict(SMALL, hidden=1536, heads=24, ffn=6144, layers=1, steps=260, seed=22, dtype="float16"),
    "absorbed-tiny": dict(TINY, layers=3, steps=300, seed=23, prompt="warm"),
    # The codec as it is, over many frames.
    "codec": dict(TINY, codes=2048, filters=64, latent=128, real_codec=True, layers=1, steps=20, seed=20, start=25.0),
    # More than a window.
    "long": dict(TINY, layers=2, seed=15, seconds=70.5),
    "long-stereo": dict(TINY, layers=2, seed=16, seconds=49, stereo=True),
    "long-start": dict(TINY, layers=2, seed=17, seconds=40, start=20.0),
    "long-melody": dict(TINY, layers=2, seed=18, seconds=50, melody=44.0),
    "long-short-melody": dict(TINY, layers=2, seed=19, seconds=67, melody=7.0),
}


def drawn(seed):
    """A model as nobody would make it: sizes, kind, spellings and what it is asked for by lot."""
    rng = np.random.default_rng(seed)
    pick = lambda *these: these[rng.integers(len(these))]
    heads, channels = int(rng.integers(1, 13)), int(rng.integers(1, 3))
    m = dict(hidden=heads * 2 * int(rng.integers(8, 40)), heads=heads, ffn=int(rng.integers(50, 900)), layers=int(rng.integers(1, 6)),
             text=2 * int(rng.integers(16, 200)), text_heads=int(rng.integers(1, 8)), kv=int(rng.integers(5, 40)),
             text_ffn=int(rng.integers(40, 500)), codes=pick(16, 64, 256, 1024), filters=int(rng.integers(2, 9)),
             latent=int(rng.integers(6, 70)), residuals=int(rng.integers(1, 3)), codebooks=int(rng.integers(2, 17 // channels)),
             ratios=pick([8, 5, 4, 4], [5, 4, 2], [4, 3, 2, 2], [6, 5]), stereo=channels == 2, seed=seed, steps=int(rng.integers(25, 330)),
             dtype=pick("float32", "float16", "bfloat16"), shards=pick("50GB", "200KB"), old_norm=bool(rng.integers(2)),
             old_tokenizer=bool(rng.integers(2)), gated=bool(rng.integers(2)), relu=bool(rng.integers(2)),
             prompt=pick("", "warm", "Slow dark trap beat, 808s & bells: 140 BPM in F# minor ☂", "ライブ drums " * 9))
    if rng.random() < 0.4:
        m.update(melody=float(rng.uniform(0.2, 40)), chroma=int(rng.integers(5, 236)))
    elif rng.random() < 0.6:
        m["start"] = float(rng.uniform(0.2, 1.5))
    if rng.random() < 0.3:
        m["guidance"] = float(pick(1.0, 1.7, 6.0))
    return m


def configure(m):
    channels = 2 if m.get("stereo") else 1
    text = T5Config(vocab_size=512, d_model=m["text"], d_kv=m["kv"], d_ff=m["text_ffn"], num_layers=2, num_heads=m["text_heads"],
                    feed_forward_proj="gated-gelu" if m.get("gated") else "relu", dropout_rate=0.0)
    codes, ratios, books = m.get("codes", 2048), m.get("ratios", [8, 5, 4, 4]), m.get("codebooks", 4)
    rate = 32000 / np.prod(ratios)
    bandwidth = 2.2 if m.get("real_codec") else float(np.ceil(rate) * np.ceil(np.log2(codes)) * books / 1000 + 1e-4)
    latent = m.get("latent", 128)
    audio = EncodecConfig(target_bandwidths=[bandwidth], sampling_rate=32000, audio_channels=1, hidden_size=latent,
                          num_filters=m.get("filters", 64), num_residual_layers=m.get("residuals", 1), upsampling_ratios=ratios,
                          use_causal_conv=False, codebook_size=codes, codebook_dim=latent, norm_type="weight_norm",
                          use_conv_shortcut=False)
    melody = "melody" in m
    decoder = (MusicgenMelodyDecoderConfig if melody else MusicgenDecoderConfig)(
        vocab_size=codes, hidden_size=m["hidden"], num_hidden_layers=m["layers"], num_attention_heads=m["heads"], ffn_dim=m["ffn"],
        num_codebooks=books * channels, audio_channels=channels, dropout=0.0, pad_token_id=codes, bos_token_id=codes,
        activation_function="relu" if m.get("relu") else "gelu")
    more = dict(chroma_length=m.get("chroma", 235)) if melody else {}
    config = (MusicgenMelodyConfig if melody else MusicgenConfig)(
        text_encoder=text.to_dict(), audio_encoder=audio.to_dict(), decoder=decoder.to_dict(), **more)
    torch.manual_seed(m.get("seed", 1))
    model = (MusicgenMelodyForConditionalGeneration if melody else MusicgenForConditionalGeneration)(config)
    return musicgen.spread(model.eval(), codes)


def store(model, m, folder):
    """Into files, in the model's spellings; -> the model as its files say."""
    from safetensors.torch import load_file, save_file
    dtype = getattr(torch, m.get("dtype", "float32"))
    model.to(dtype).save_pretrained(folder, max_shard_size=m.get("shards", "50GB"))
    model = type(model).from_pretrained(folder, dtype=torch.float32).eval()
    if m.get("old_norm"):
        for file in folder.glob("*.safetensors"):
            named = {n.replace("parametrizations.weight.original0", "weight_g").replace(
                "parametrizations.weight.original1", "weight_v"): t for n, t in load_file(file).items()}
            save_file(named, file, metadata={"format": "pt"})
        index = folder / "model.safetensors.index.json"
        if index.exists():
            index.write_text(index.read_text().replace("parametrizations.weight.original0", "weight_g").replace(
                "parametrizations.weight.original1", "weight_v"))
    return model


def store_tokenizer(source, folder, m):
    """The same pieces with other scores, in either spelling."""
    rng = np.random.default_rng(m.get("seed", 1))
    spec = json.loads(pathlib.Path(source).read_text())
    for piece in spec["model"]["vocab"][3:-100]:
        piece[1] += float(rng.normal(0, 1.5))
    if m.get("old_tokenizer"):
        for part in [spec["decoder"]] + spec["pre_tokenizer"].get("pretokenizers", [spec["pre_tokenizer"]]):
            if part["type"] == "Metaspace":
                for key in ("prepend_scheme", "split"):
                    part.pop(key, None)
                part["add_prefix_space"] = True
    (folder / "tokenizer.json").write_text(json.dumps(spec, ensure_ascii=False))
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def sound_of(seconds, channels, seed):
    """Tones that wander, and some noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * 32000)) / 32000
    planes = []
    for c in range(channels):
        pitch = 220 * 2 ** (np.floor(t * 1.7) * (5 + 2 * c) % 12 / 12)
        phase = 2 * np.pi * np.cumsum(pitch) / 32000
        planes.append(0.3 * np.sin(phase) + 0.15 * np.sin(2 * phase + c) + 0.02 * rng.normal(size=len(t)))
    return np.array(planes)


def write_wav(path, planes):
    """-> what 16 bits leave of it."""
    whole = np.clip(np.round(planes * 32768), -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as f:
        f.setnchannels(len(whole))
        f.setsampwidth(2)
        f.setframerate(32000)
        f.writeframes(whole.T.tobytes())
    return (whole / 32768).astype(np.float32)


def decode(model, codes):
    channels = model.config.decoder.audio_channels
    return np.concatenate([model.audio_encoder.decode(torch.from_numpy(np.ascontiguousarray(codes[c::channels]))[None, None],
                                                      [None]).audio_values[0].numpy() for c in range(channels)])


def reference(model, m, ids, start, melody):
    """-> hidden states, guided logits (None for windows), codes, sound."""
    guidance = m.get("guidance", 3.0)
    hidden = model.text_encoder.double()(input_ids=ids).last_hidden_state[0].numpy()  # of which float32 may be 1e-4 off
    model.text_encoder.to(next(model.decoder.parameters()).dtype)
    if "seconds" in m:
        channels = model.config.decoder.audio_channels
        given = np.zeros((model.config.decoder.num_codebooks, 0), np.int64)
        if start is not None:
            each = [model.audio_encoder.encode(torch.from_numpy(p)[None, None]).audio_codes.reshape(-1, -(-len(p) // 640)).numpy()
                    for p in start]
            given = np.stack(each, 1).reshape(-1, each[0].shape[1])
        codes = Windows(model, ids, guidance, melody).run(given, given.shape[1] + round(m["seconds"] * 50))
        return hidden, None, codes, decode(model, codes)
    condition = dict(input_ids=ids, attention_mask=torch.ones_like(ids))
    if melody is not None:
        condition["input_features"] = chroma_of(melody[:30 * 32000])[None]
    if start is not None:
        condition["input_values"] = torch.from_numpy(start)[None]
        condition["padding_mask"] = torch.ones(1, start.shape[1], dtype=torch.long)
    logits, codes, sound = musicgen.greedy(model, condition, m["steps"], guidance)
    return hidden, logits.numpy(), codes.numpy(), sound[0].numpy()


# The least cosine of logits of a precision that rounds.
LEAST = {"float16": 0.9999, "int8": 0.999, "int4": 0.985}


def likeness(name, ours, hidden, logits, codes, given, precision):
    """Of a precision that rounds: as long as both have read the same codes."""
    if logits is None or len(logits) != len(ours["logits"]):
        return f"{name:18} not compared", True
    differ = np.flatnonzero((ours["codes"] != codes).any(0))
    steps = min(differ[0] - given + 1 if len(differ) else len(logits), len(logits))  # frame d is fed after step d
    if steps < 1:
        return f"{name:18} not compared: the given codes differ", False
    logits = logits.reshape(ours["logits"].shape)
    cosines = []
    for x, y in ((ours["text_hidden"], hidden), (ours["logits"][:steps], logits[:steps])):
        x, y = x.ravel().astype(float), y.ravel().astype(float)
        cosines.append(x @ y / np.sqrt((x @ x) * (y @ y)))
    fine = cosines[1] >= LEAST[precision]
    return (f"{name:18} {'ok  ' if fine else 'FAIL'} cosine of hidden states {cosines[0]:.6f}, of logits {cosines[1]:.6f} over {steps} of "
            f"{len(logits)} steps"), fine


def tie(ours, theirs):
    """Where both part because two codes are equally good but for rounding: steps before that, how far apart the codes are."""
    ours, theirs = (x.reshape(len(x), -1, x.shape[-1]) for x in (ours, theirs))
    far = np.abs(ours - theirs).max((1, 2))
    steps = int(np.argmax(far > 1e-3)) if (far > 1e-3).any() else 0
    if steps < 1:
        return None
    last = theirs[steps - 1]
    chosen, other = last.argmax(-1), ours[steps - 1].argmax(-1)
    books = np.flatnonzero(chosen != other)
    apart = [last[k, chosen[k]] - last[k, other[k]] for k in books]
    return (steps, max(apart)) if len(books) and max(apart) < 2 * far[:steps].max() else None


def compare(name, m, a, work):
    folder, trace = work / name, work / "trace"
    folder.mkdir()
    tokenizer = store_tokenizer(a.tokenizer, folder, m)
    model = store(configure(m), m, folder)
    prompt = m.get("prompt", "Slow dark trap beat, 808s & bells: 140 BPM in F# minor ☂")
    ids = torch.tensor([tokenizer.encode(prompt).ids])
    channels = model.config.decoder.audio_channels
    start = melody = None
    command = [a.grammy, "generate", prompt, "--model", folder, "--greedy", "--trace", trace, "-o", work / "x.wav", "--quiet"]
    if "start" in m:
        start = write_wav(work / "start.wav", sound_of(m["start"], channels, 1))
        command += ["--continue", work / "start.wav"]
    if "melody" in m:
        melody = write_wav(work / "melody.wav", sound_of(m["melody"], 1, 2))[0]
        command += ["--melody", work / "melody.wav"]
    command += ["--duration", str(m["seconds"])] if "seconds" in m else ["--steps", str(m["steps"])]
    if "guidance" in m:
        command += ["--guidance", str(m["guidance"])]
    ran = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                         env={"MODEL_PRECISION": a.precision, "LIGHTWEIGHT_MODE": "false", "PATH": "/usr/bin:/bin"})
    if ran.returncode:
        return f"{name:18} FAILED: {ran.stderr.strip()}", False
    if a.double:
        model.double()
    with torch.inference_mode():
        hidden, logits, codes, sound = reference(model, m, ids, start, melody)
    given = 0 if start is None else -(-start.shape[1] // int(np.prod(model.config.audio_encoder.upsampling_ratios)))
    ours = {n: np.load(trace / f"{n}.npy") for n in ("input_ids", "text_hidden", "logits", "codes", "audio")}
    for file in trace.iterdir():
        file.unlink()
    if a.precision != "float32":
        return likeness(name, ours, hidden, logits, codes, given, a.precision)
    said, fine = [], True

    def judge(text, good):
        nonlocal fine
        said.append(text if good else f"** {text} **")
        fine = fine and good

    judge("ids same", np.array_equal(ours["input_ids"], ids[0].numpy()))
    far = np.abs(ours["text_hidden"] - hidden).max()
    judge(f"hidden {far:.0e}", far < 1e-4)
    tied = logits is not None and ours["logits"].size == logits.size and tie(ours["logits"], logits.reshape(ours["logits"].shape))
    if tied:  # what comes before is compared
        steps, apart = tied
        said.append(f"a tie of {apart:.0e} after {steps} steps")
        logits, ours["logits"] = logits[:steps], ours["logits"][:steps]
        frames = max(given + steps - codes.shape[0], 0)
        codes, ours["codes"] = codes[:, :frames], ours["codes"][:, :frames]
    if logits is not None:
        same = ours["logits"].shape == logits.reshape(ours["logits"].shape[0], -1, logits.shape[-1]).shape if len(logits) == len(
            ours["logits"]) else False
        far = np.abs(ours["logits"] - logits.reshape(ours["logits"].shape)).max() if same else np.inf
        judge(f"logits {far:.0e} of {logits.std():.0f} in {len(logits)} steps", far < 1e-3)
    if ours["codes"].shape != codes.shape:
        judge(f"codes {ours['codes'].shape} for {codes.shape}", False)
    else:
        if given:
            share = (ours["codes"][:, :given] == codes[:, :given]).all(0).mean()
            judge(f"{100 * share:.1f} % of {given} given frames", share >= 0.999)
        wrong = np.argwhere((ours["codes"] != codes)[:, given:].any(0))
        judge(f"{codes.shape[0]} x {codes.shape[1]} codes " + (f"differ from frame {given + wrong[0][0]} on" if len(wrong) else "same"),
              not len(wrong))
    if tied:
        pass
    elif ours["audio"].shape != sound.shape:
        judge(f"sound {ours['audio'].shape} for {sound.shape}", False)
    else:
        ratio = 10 * np.log10((sound ** 2).sum() / max(((ours["audio"] - sound) ** 2).sum(), 1e-30))
        judge(f"sound {ratio:.0f} dB", ratio > 60)
    return f"{name:18} {'ok  ' if fine else 'FAIL'} " + ", ".join(said), fine


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("grammy")
    p.add_argument("names", nargs="*", help="parts of models' names (default: all)")
    p.add_argument("--tokenizer", default=pathlib.Path(__file__).parents[2] / "tests/golden/musicgen/mono/tokenizer.json")
    p.add_argument("--precision", default="float32", choices=["float32", *LEAST], help="another: the cosine of logits until codes differ")
    p.add_argument("--layers", type=int, help="of the decoder, in place of few")
    p.add_argument("--double", action="store_true", help="the reference in float64")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--draw", type=int, help="so many models by lot, in place of those that have names")
    p.add_argument("--seed", type=int, default=1, help="of the first that is drawn")
    a = p.parse_intermixed_args()
    torch.set_num_threads(a.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    failed = 0
    models = {f"drawn-{i}": drawn(i) for i in range(a.seed, a.seed + a.draw)} if a.draw else MODELS
    for name, m in models.items():
        if a.names and not any(word in name for word in a.names):
            continue
        if a.layers:
            m["layers"] = a.layers
        with tempfile.TemporaryDirectory() as work:
            line, fine = compare(name, m, a, pathlib.Path(work))
        print(line, flush=True)
        failed += not fine
    print("all agree" if not failed else f"{failed} differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
