"""madmom's recurrent networks over many recordings at once: what Python costs a frame is paid once for all."""
import numpy as np


def sigmoid(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def run_lstm(layer, x):
    """x: [frames, recordings, inputs]. Gers, Schraudolph and Schmidhuber 2002, with peepholes."""
    gates = (layer.input_gate, layer.forget_gate, layer.cell, layer.output_gate)
    size = layer.cell.bias.size
    ahead = x @ np.hstack([g.weights for g in gates]) + np.concatenate([g.bias for g in gates])
    back = np.hstack([g.recurrent_weights for g in gates])
    peep = [0 if g.peephole_weights is None else g.peephole_weights for g in gates]
    state, out = np.zeros((x.shape[1], size), np.float32), np.zeros((len(x), x.shape[1], size), np.float32)
    before = state
    for t in range(len(x)):
        sums = ahead[t] + before @ back
        taken = sigmoid(sums[:, :size] + peep[0] * state)
        kept = sigmoid(sums[:, size:2 * size] + peep[1] * state)
        state = taken * np.tanh(sums[:, 2 * size:3 * size]) + kept * state
        before = out[t] = np.tanh(state) * sigmoid(sums[:, 3 * size:] + peep[3] * state)
    return out


def run_layer(layer, x):
    if hasattr(layer, "fwd_layer"):
        ahead, back = run_lstm(layer.fwd_layer, x), run_lstm(layer.bwd_layer, x[::-1])
        return np.concatenate([ahead, back[::-1]], axis=2)
    return layer.activation_fn((x @ layer.weights + layer.bias).reshape(-1, layer.bias.size)).reshape(*x.shape[:2], -1)


def downbeat_activations(features):
    """features: of recordings, all as long. The mean of the networks for each, beats and downbeats."""
    from madmom.ml.nn import NeuralNetwork
    from madmom.models import DOWNBEATS_BLSTM

    stack, total = np.stack(features, axis=1).astype(np.float32), 0
    for file in DOWNBEATS_BLSTM:
        x = stack
        for layer in NeuralNetwork.load(file).layers:
            x = run_layer(layer, x)
        total = total + x
    return list((total / len(DOWNBEATS_BLSTM))[:, :, 1:].transpose(1, 0, 2))
