#!/usr/bin/env python3
"""A decoder step of MusicGen by transformers and PyTorch on this processor, float32 and quantize_dynamic int8, against ours.

    pip install torch==2.13.0 transformers==5.23.0 numpy
    bench/peers/musicgen.py build/bench/bench_neural float32.grm int8.grm int4.grm [--layers 24 --seen 300 --threads 2]

The same shapes, threads and guidance (two rows), keys and values of past positions kept; random weights. Rounds of ours and
theirs take turns. Milliseconds a step, the least of the rounds' medians; `seen` positions are there before the first
step in theirs, ours begin at none and run twice as many, so that both see as many on average.
"""
import argparse
import re
import statistics
import subprocess
import time

import torch
from transformers import MusicgenDecoderConfig, MusicgenForCausalLM
from transformers.cache_utils import DynamicCache, EncoderDecoderCache


def build(layers, width=1024, heads=16, ffn=4096, codes=2048):
    config = MusicgenDecoderConfig(vocab_size=codes, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
                                   ffn_dim=ffn, num_codebooks=4, audio_channels=1, pad_token_id=codes, bos_token_id=codes)
    return MusicgenForCausalLM(config).eval()


@torch.inference_mode()
def steps(model, count, seen, tokens=16):
    config = model.config
    width, heads = config.hidden_size, config.num_attention_heads
    cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
    for layer in range(config.num_hidden_layers):
        past = torch.randn(2, heads, seen, width // heads)
        cache.self_attention_cache.update(past, past.clone(), layer)
    text, mask = torch.randn(2, tokens, width), torch.ones(2, tokens)
    text[1] = 0
    ids = torch.randint(0, config.vocab_size, (8, 1))
    times = []
    for _ in range(count + 1):
        start = time.perf_counter()
        out = model(input_ids=ids, encoder_hidden_states=text, encoder_attention_mask=mask, past_key_values=cache, use_cache=True)
        logits = out.logits[:, -1].reshape(2, 4, -1)
        guided = logits[1] + 3 * (logits[0] - logits[1])
        best = torch.topk(guided, 250)
        chosen = best.indices.gather(1, torch.multinomial(torch.softmax(best.values, -1), 1))
        ids = torch.cat([chosen, chosen])
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times[1:])  # the first works out the text's keys and values


def ours(bench, file, count, threads):
    said = subprocess.run([bench, file, str(count), str(threads)], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"a step ([\d.]+) ms", said)[1]), int(re.search(r"(\d+) % of the floor", said)[1])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("bench")
    p.add_argument("files", nargs="+")
    p.add_argument("--layers", type=int, default=24)
    p.add_argument("--seen", type=int, default=100)
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=2)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    model = build(a.layers)
    small = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    results = {}
    for _ in range(a.rounds):
        for name, peer in ("PyTorch float32", model), ("PyTorch int8", small):
            results.setdefault(name, []).append(steps(peer, a.steps, a.seen))
        for file in a.files:
            ms, share = ours(a.bench, file, 2 * a.seen, a.threads)
            results.setdefault(file, []).append(ms)
    least = {name: min(times) for name, times in results.items()}
    for name, times in results.items():
        print(f"{name:40} {least[name]:7.1f} ms   " + " ".join(f"{t:.1f}" for t in times) +
              f"   float32 / this {least['PyTorch float32'] / least[name]:.2f}, int8 / this {least['PyTorch int8'] / least[name]:.2f}")


main()
