#!/usr/bin/env python3
"""Tiny random MusicGen models in the files that the hub serves, and what the reference makes of them.

    pip install torch==2.13.0 transformers==5.23.0 tokenizers==0.23.3 sentencepiece==0.2.3 protobuf numpy
    tools/reference/musicgen.py tests/golden/musicgen            # what is committed
    tools/reference/musicgen.py OUT --hidden 96 --seed 9 --stereo   # any other, to compare with

Writes, for mono, stereo and melody, a model folder and a `golden` folder beside its weights: token ids, hidden states,
logits, codes, audio. Needed only to make the files again; neither the build nor the tests run it.
"""
import argparse
import base64
import io
import json
import pathlib
import random

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (EncodecConfig, MusicgenConfig, MusicgenDecoderConfig, MusicgenForConditionalGeneration,
                          MusicgenMelodyConfig, MusicgenMelodyDecoderConfig, MusicgenMelodyForConditionalGeneration,
                          T5Config)

from musicgen_windows import Windows, chroma_of

WORDS = """warm lo-fi hip hop beat with vinyl crackle and rain slow dark trap 808 bass bells deep house late night piano
techno acid line uplifting trance arpeggio liquid drum and bass ambient pads drone tape hiss 80s synthwave outrun drive
happy tropical pop steel drums summer indie rock distorted guitars funk slap brass neo soul ballad rhodes swing jazz
quartet saxophone bossa nova nylon guitar flute epic orchestral cinematic trailer choir solo romantic nocturne classical
string waltz minor major tempo bpm energetic calm melancholic dreamy aggressive groove melody rhythm chords bassline
kick snare hats reverb delay chorus verse drop build break minute seconds in the key of a an at no without only""".split()


def make_tokenizer(seed, vocabulary=280):
    """T5's kind: unigram with the precompiled normaliser nmt_nfkc, 0 pad, 1 end, 2 unknown, 100 extra ids."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2
    rng = random.Random(seed)
    lines = [" ".join(rng.choices(WORDS, k=rng.randint(3, 14))).capitalize() + rng.choice(".,!? ") for _ in range(4000)]
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=out, vocab_size=vocabulary, model_type="unigram",
        normalization_rule_name="nmt_nfkc", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2, hard_vocab_limit=False)
    proto = sentencepiece_model_pb2.ModelProto.FromString(out.getvalue())
    pieces = [(piece.piece, piece.score) for piece in proto.pieces]
    pieces += [(f"<extra_id_{i}>", 0.0) for i in range(99, -1, -1)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2, byte_fallback=False))
    tokenizer.normalizer = normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)])
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    tokenizer.post_processor = processors.TemplateProcessing(single=["$A", "</s>"], special_tokens=[("</s>", 1)])
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False)
                                  for t in ["<pad>", "</s>", "<unk>"] + [f"<extra_id_{i}>" for i in range(100)]])
    return tokenizer


def strings(seed, count=1000):
    rng = random.Random(seed)
    odd = ["", " ", "\t\n ", "</s>", "a</s>b", "<extra_id_7> x", "Ａ\u0301", "①\u0301", "e\u0301", "か\u3099", "\r\n", "▁▁a ▁b",
           "a\u200bb", "a\u00adb", "ﬁne ½ ℃ ㍿", "👩‍👩‍👧‍👦 beat 🎹🎶", "ẛ̣", "नमस्ते ताल", "한국어 발라드", "\u1112\u1161\u11ab", "ÅÅ", "ﷺ", "\x00a", "\x7f",
           "x" * 400, "<pad><unk>", "日本の歌 ｶﾞｷﾞ", "Ωmega Ω", "‥…", "\u2028line", "İstanbul ǆ", "🇩🇪🇫🇷🇯", "e\u0301\u0323\u0307x", "\ufeffbom", "ไทย กำ", "١٢٣", "<extra_id_100>"]
    alphabet = "abcdefghijklmnopqrstuvwxyz   ABC0123456789.,!?'\"-&#/éüñçøåßœÆ　ＡＢｃ①②½ﬁかがプﾌﾟ漢字й𝄞🎵\u0301\u0308\u200d\u00a0\u00ad\u200b▁"
    result = list(odd)
    while len(result) < count:
        kind = rng.random()
        if kind < 0.4:
            text = " ".join(rng.choices(WORDS, k=rng.randint(1, 20)))
        elif kind < 0.6:
            text = " ".join("".join(rng.choices(w, k=len(w))) for w in rng.choices(WORDS, k=6))
        elif kind < 0.95:
            text = "".join(rng.choices(alphabet, k=rng.randint(1, 60)))
        else:
            text = "".join(chr(rng.choice([rng.randint(32, 0x24f), rng.randint(0x300, 0x3100), rng.randint(0x1f300, 0x1f6ff)]))
                           for _ in range(rng.randint(1, 20)))
        result.append(text)
    return result


def configure(a, kind):
    channels = 2 if kind == "stereo" else 1
    text = T5Config(vocab_size=a.vocabulary + 128, d_model=a.hidden - 8, d_kv=8, d_ff=2 * a.hidden, num_layers=2, num_heads=4,
                    feed_forward_proj="gated-gelu" if kind == "stereo" else "relu", dropout_rate=0.0)
    audio = EncodecConfig(target_bandwidths=[1.2], sampling_rate=32000, audio_channels=1, hidden_size=16, num_filters=a.filters,
                          num_residual_layers=1, upsampling_ratios=[8, 5, 4, 4], use_causal_conv=False, codebook_size=a.codes,
                          codebook_dim=16, norm_type="weight_norm", use_conv_shortcut=False)
    make = MusicgenMelodyDecoderConfig if kind == "melody" else MusicgenDecoderConfig
    decoder = make(vocab_size=a.codes, hidden_size=a.hidden, num_hidden_layers=a.layers, num_attention_heads=4,
                   ffn_dim=2 * a.hidden, num_codebooks=4 * channels, audio_channels=channels, dropout=0.0,
                   pad_token_id=a.codes, bos_token_id=a.codes)
    whole = MusicgenMelodyConfig if kind == "melody" else MusicgenConfig
    more = dict(chroma_length=23) if kind == "melody" else {}
    return whole(text_encoder=text.to_dict(), audio_encoder=audio.to_dict(), decoder=decoder.to_dict(), **more)


def store(model, folder, kind):
    """Each kind in another of the spellings that files have: float32 in one file; bfloat16 in shards; float16 with the old
    names of weight norm and the table of positions."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("model*"):
        old.unlink()
    if kind == "mono":
        model.save_pretrained(folder)
        return model
    half = torch.bfloat16 if kind == "stereo" else torch.float16
    model.to(half).save_pretrained(folder, max_shard_size="150KB" if kind == "stereo" else "1GB")
    # Read again, since casting rounds the computed table of positions too.
    model = type(model).from_pretrained(folder, dtype=torch.float32).eval()
    if kind == "melody":
        from safetensors.torch import load_file, save_file
        tensors = {name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"): t for name, t in load_file(folder / "model.safetensors").items()}
        tensors["decoder.model.decoder.embed_positions.weights"] = torch.zeros(8, 4, dtype=half)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return model


def build(a, kind):
    torch.manual_seed(a.seed + {"mono": 0, "stereo": 1, "melody": 2}[kind])
    config = configure(a, kind)
    model = (MusicgenMelodyForConditionalGeneration if kind == "melody" else MusicgenForConditionalGeneration)(config)
    return spread(model.eval(), a.codes)


def spread(model, codes):
    """Other weights, spread out enough that greedy choices are clear."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "audio_encoder" in name or p.ndim < 1:
                continue
            if p.ndim == 1:
                p.copy_((1.0 if "weight" in name else 0.0) + 0.1 * torch.randn_like(p))
            else:
                p.copy_(torch.randn_like(p) * (1.0 if "embed" in name or "shared" in name else 1.6) / p.shape[-1] ** 0.5)
        for name, p in model.named_parameters():
            if "original0" in name or "weight_g" in name:
                p.mul_(1.5)
        for layer in model.audio_encoder.quantizer.layers:
            layer.codebook.embed.copy_(torch.randn_like(layer.codebook.embed))
    g = model.generation_config
    g.decoder_start_token_id = g.pad_token_id = g.bos_token_id = codes
    g.guidance_scale, g.max_length, g.do_sample = 3.0, 1500, True
    return model


def greedy(model, condition, steps, guidance=3.0):
    """The loop of the reference with its own delay pattern; logits after guidance, at every step."""
    kept = []

    from transformers import LogitsProcessor, LogitsProcessorList

    class Keeper(LogitsProcessor):
        def __call__(self, ids, scores):
            kept.append(scores.detach().clone())
            return scores

    codes = {}
    audio_encoder = model.audio_encoder
    plain = audio_encoder.decode

    def spy(audio_codes, *rest, **named):
        codes.setdefault("all", []).append(audio_codes.detach().clone())
        return plain(audio_codes, *rest, **named)

    audio_encoder.decode = spy
    out = model.generate(**condition, do_sample=False, guidance_scale=guidance, max_new_tokens=steps, min_new_tokens=steps,
                         logits_processor=LogitsProcessorList([Keeper()]))
    audio_encoder.decode = plain
    scores = torch.stack(kept)  # before guidance: the condition's rows, then the empty one's
    if guidance > 1:
        half = scores.shape[1] // 2
        scores = scores[:, half:] + guidance * (scores[:, :half] - scores[:, half:])
    found = torch.stack([c.reshape(-1, c.shape[-1]) for c in codes["all"]], 1)  # [K'][channels][frames]
    return scores, found.reshape(-1, found.shape[-1]), out


def save(folder, **arrays):
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in arrays.items():
        value = value.detach().numpy() if torch.is_tensor(value) else np.asarray(value)
        np.save(folder / f"{name}.npy", np.ascontiguousarray(value))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=pathlib.Path)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--hidden", type=int, default=32)
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--codes", type=int, default=64)
    p.add_argument("--filters", type=int, default=2)
    p.add_argument("--steps", type=int, default=200)
    p.add_argument("--kinds", default="mono,stereo,melody")
    p.add_argument("--audio", action="store_true", help="keep the audio of the whole run too")
    p.add_argument("--tokenizers", action="store_true", help="a tokenizer in every folder, not in mono's alone")
    p.add_argument("--prompt", default="warm lo-fi beat with Rhodes and rain, 78 BPM")
    a = p.parse_args()
    torch.set_num_threads(1)
    tokenizer = make_tokenizer(a.seed)
    a.vocabulary = tokenizer.get_vocab_size()
    texts = strings(a.seed)
    a.out.mkdir(parents=True, exist_ok=True)
    with open(a.out / "strings.json", "w", encoding="utf-8") as f:
        json.dump([[t, tokenizer.encode(t).ids] for t in texts], f, ensure_ascii=True, separators=(",", ":"))
    for kind in a.kinds.split(","):
        folder = a.out / kind
        model = build(a, kind)
        model = store(model, folder, kind)
        if kind == "mono" or a.tokenizers:
            tokenizer.save(str(folder / "tokenizer.json"))
        ids = torch.tensor([tokenizer.encode(a.prompt).ids])
        mask = torch.ones_like(ids)
        condition = dict(input_ids=ids, attention_mask=mask)
        seconds = np.arange(20011) / 32000
        sound = (0.4 * np.sin(2 * np.pi * 220 * seconds) + 0.2 * np.sin(2 * np.pi * 554.37 * seconds ** 1.2)).astype(np.float32)
        if kind == "melody":
            chroma = chroma_of(sound)[None]
            condition["input_features"] = chroma
            save(folder / "golden", chroma=chroma[0])
        with torch.no_grad():
            hidden = model.text_encoder(**{k: condition[k] for k in ("input_ids", "attention_mask")}).last_hidden_state[0]
            logits, codes, audio = greedy(model, condition, a.steps if kind == "mono" else a.steps // 2)
            first = codes[: model.config.decoder.num_codebooks // model.config.decoder.audio_channels, :30]
            decoded = model.audio_encoder.decode(first[None, None], [None]).audio_values[0, 0]
            encoded = model.audio_encoder.encode(torch.tensor(sound)[None, None]).audio_codes
            windows = Windows(model, ids, 3.0, sound if kind == "melody" else None)
            late = windows.run(np.zeros((codes.shape[0], 0), np.int64), 1600)[:, 1500:]
        top = logits.topk(2, -1).values
        print(kind, "logits", tuple(logits.shape), "codes", tuple(codes.shape), "audio", tuple(audio.shape),
              "smallest margin", float((top[..., 0] - top[..., 1]).min()), "std", float(logits.std()), "audio rms", float(audio.std()))
        save(folder / "golden", input_ids=ids[0].numpy().astype(np.int64), text_hidden=hidden, logits=logits.float(), codes=codes,
             late_codes=late)  # of 32 s, what the second window makes
        if a.audio:
            save(folder / "golden", audio=audio[0])
        if kind == "mono":
            save(folder / "golden", codec_codes=first, codec_sound=decoded, sound=sound,
                 sound_codes=encoded.reshape(-1, encoded.shape[-1]))


if __name__ == "__main__":
    main()
