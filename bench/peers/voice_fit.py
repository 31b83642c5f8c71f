#!/usr/bin/env python3
"""The network of src/meter/voice.c: fits it, judges it, and writes src/meter/voice_weights.c, by hand.

    pip install numpy==2.2.6 torch==2.13.0
    voice_fit.py fit WEIGHTS.pt CLIPS.npz...            clips are made by voice_sets.py
    voice_fit.py judge WEIGHTS.pt CLIPS.npz...          area under the curve, and by kind, of clips that were not fitted on
    voice_fit.py write WEIGHTS.pt voice_weights.c SHIFT eight bits a weight; SHIFT goes onto the logits

A second counts as with a voice when one is active in 35 % of it, as without when in 2 % or less; between, it says nothing.
Half of the clips have a voice, which is more than recordings may have: SHIFT makes up for it, at the price of faint voices.
Built in are 1,350 clips, 16 rounds and a SHIFT of -0.7.
"""
import sys
import textwrap
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ranks import area

FIRST, BANDS, SECOND, OUTPUTS = 2, 120, 50, (8, 16, 16)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        a, b, c = OUTPUTS
        self.a = nn.Conv2d(1, a, (3, 5), stride=(2, 3))  # time by bands
        self.b = nn.Conv2d(a, b, 3, stride=2)
        self.c = nn.Conv2d(b, c, (1, ((BANDS - 5) // 3 + 1 - 3) // 2 + 1))
        self.head = nn.Linear(3 * 2 * c, 1)
        self.drop = nn.Dropout(0.2)
        self.mean = nn.Parameter(torch.zeros(BANDS), requires_grad=False)
        self.width = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, x):
        """[clips][frames][bands] -> logits [clips][seconds]"""
        clips, seconds = x.shape[0], x.shape[1] // SECOND
        x = (x[:, :seconds * SECOND, FIRST:FIRST + BANDS].reshape(-1, 1, SECOND, BANDS) - self.mean) / self.width
        for layer in (self.a, self.b, self.c):
            x = functional.relu(layer(x))
        x = torch.cat([x[..., 0].mean(2), x[..., 0].amax(2)], 1).reshape(clips, seconds, -1)
        x = functional.pad(x, (0, 0, 1, 1))
        return self.head(self.drop(torch.cat([x[:, :-2], x[:, 1:-1], x[:, 2:]], 2)))[..., 0]


def read(paths):
    sets = [np.load(path) for path in paths]
    features, active, about = (np.concatenate([s[key] for s in sets]) for key in ("features", "active", "about"))
    share = active.reshape(len(active), -1, SECOND).mean(2)
    return features, share >= 0.35, (share >= 0.35) | (share <= 0.02), about


def fit(path, clips, epochs=16, batch=32):
    torch.manual_seed(1)
    rng = np.random.default_rng(0)
    x, with_voice, told, _ = read(clips)
    net, steps = Network(), len(x) // batch
    usual = x[::4, :, FIRST:FIRST + BANDS].astype(np.float32)
    net.mean.data, net.width.data = torch.tensor(usual.mean((0, 1))), torch.tensor([usual.std()])
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=epochs * steps)
    for epoch in range(epochs):
        order, total = rng.permutation(len(x)), 0
        for step in range(steps):
            rows = np.sort(order[step * batch:(step + 1) * batch])
            louder = torch.randn(batch, 1, 1) * 0.15 + 1
            truth, weight = (torch.tensor(v[rows].astype(np.float32)) for v in (with_voice, told))
            logits = net(torch.tensor(x[rows].astype(np.float32)) * louder)
            loss = functional.binary_cross_entropy_with_logits(logits, truth * 0.94 + 0.03, reduction="none")
            loss = (loss * weight).sum() / weight.sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(epoch, round(total / steps, 4), flush=True)
    torch.save(net.state_dict(), path)


def load(path):
    net = Network()
    net.load_state_dict(torch.load(path))
    return net.eval()


def judge(path, clips):
    net = load(path)
    x, with_voice, told, about = read(clips)
    with torch.no_grad():
        logits = np.concatenate([net(torch.tensor(x[i:i + 64].astype(np.float32))) for i in range(0, len(x), 64)])
    print(f"area {area(with_voice[told], logits[told]):.3f}, right {((logits > 0) == with_voice)[told].mean():.3f}")
    for kind in sorted({tuple(a.split("|")[i] for i in (0, 2)) for a in about}):
        rows = np.array([tuple(a.split("|")[i] for i in (0, 2)) == kind for a in about])
        wanted = told[rows] & (with_voice[rows] | (kind[1] == "none"))
        print(f"{kind[0]}, {kind[1]}: {wanted.sum()} s, {100 * (logits[rows][wanted] > 0).mean():.1f} % over a half")


def numbers(values):
    return ", ".join(f"{v:.6g}f" if set(f"{v:.6g}") & set(".e") else f"{v:.6g}.0f" for v in values)


def block(text):
    return "\n".join(textwrap.wrap(text, 116, initial_indent="    ", subsequent_indent="    ")) + "\n"


def write(path, to, shift):
    w = {name: value.numpy() for name, value in load(path).state_dict().items()}
    layers = {"a": w["a.weight"][:, 0].transpose(1, 2, 0).reshape(-1, OUTPUTS[0]),
              "b": w["b.weight"].transpose(2, 3, 1, 0).reshape(-1, OUTPUTS[1]),
              "c": w["c.weight"][:, :, 0].transpose(2, 1, 0).reshape(-1, OUTPUTS[2])}
    text = '// Written by bench/peers/voice_fit.py.\n#include "meter/voice_weights.h"\n\n// clang-format off\n'
    for name, rows in layers.items():
        scale, size = np.maximum(np.abs(rows).max(0), 1e-9) / 127, f"GRM_VOICE_{name.upper()}"
        text += f"const int8_t grm_voice_{name}[{size}_INPUTS][{size}_OUT] = {{\n"
        text += "".join(block("{" + ", ".join(map(str, np.round(r / scale).astype(int))) + "},") for r in rows) + "};\n"
        text += f"const float grm_voice_{name}_scale[{size}_OUT] = {{\n{block(numbers(scale))}}};\n"
        text += f"const float grm_voice_{name}_bias[{size}_OUT] = {{\n{block(numbers(w[name + '.bias']))}}};\n\n"
    text += "const float grm_voice_head[3][2 * GRM_VOICE_C_OUT] = {\n"
    text += "".join(block("{" + numbers(row) + "},") for row in w["head.weight"].reshape(3, -1)) + "};\n"
    text += f"const float grm_voice_head_bias = {numbers(w['head.bias'] + shift)};\n"
    text += f"const float grm_voice_mean[GRM_VOICE_BANDS] = {{\n{block(numbers(w['mean']))}}};\n"
    text += f"const float grm_voice_scale = {numbers(1 / w['width'])};\n// clang-format on\n"
    Path(to).write_text(text)


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in ("fit", "judge", "write"):
        sys.exit(__doc__)
    torch.set_num_threads(1)
    if sys.argv[1] == "write":
        write(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    else:
        {"fit": fit, "judge": judge}[sys.argv[1]](sys.argv[2], sys.argv[3:])
