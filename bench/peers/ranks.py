"""How well values tell two kinds apart."""
import numpy as np


def area(truth, values):
    """Under the receiver's curve: how often a second with a voice is above one without."""
    rank = np.empty(len(values))
    rank[np.argsort(values, kind="stable")] = np.arange(1, len(values) + 1)
    n = truth.sum()
    return (rank[truth].sum() - n * (n + 1) / 2) / (n * (len(truth) - n))
