"""musicnn's tags (Pons and Serra 2019): two networks, trained on the Million Song Dataset and on MagnaTagATune.

Its checkpoints are read as they are, without musicnn's own code, which today's TensorFlow no longer runs: the graph is
cut back to what computes the tags.
"""
import functools
import importlib.util
import os
from pathlib import Path

import librosa
import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
MODELS = ("MSD_musicnn", "MTT_musicnn")
STRONGEST = 5  # a family counts when it stands among so many tags of either network
HIP_HOP = {"Hip-Hop", "rnb", "beat", "beats"}
ELECTRONIC = {"electronic", "electronica", "electro", "techno", "House", "dance"}
CLASSICAL = {"classical", "classic", "strings", "violin", "cello"}
FAMILIES = {
    "lofi-hip-hop": HIP_HOP | {"chillout", "chill"},
    "trap": HIP_HOP,
    "boom-bap": HIP_HOP,
    "house": ELECTRONIC,
    "techno": ELECTRONIC,
    "trance": ELECTRONIC,
    "drum-and-bass": ELECTRONIC,
    "ambient": {"ambient", "new age", "chillout"},
    "synthwave": {"80s", "electronic", "electro", "synth"},
    "pop": {"pop", "indie pop", "catchy"},
    "tropical-pop": {"pop", "dance", "happy", "party"},
    "rock": {"rock", "alternative", "alternative rock", "indie rock", "hard rock", "punk", "metal", "classic rock"},
    "funk": {"funk", "soul", "70s"},
    "rnb-soul": {"soul", "rnb", "sexy", "Hip-Hop"},
    "jazz-swing": {"jazz"},
    "bossa-nova": {"jazz", "easy listening"},
    "orchestral-cinematic": CLASSICAL | {"choir", "choral"},
    "classical-piano": {"classical", "classic", "piano"},
    "classical-chamber": CLASSICAL,
    "folk": {"folk", "acoustic", "country", "guitar"},
}


def home():
    found = importlib.util.find_spec("musicnn")
    return Path(found.submodule_search_locations[0]) if found else None


def installed():
    return home() is not None and importlib.util.find_spec("tensorflow") is not None


@functools.cache
def configuration():
    spec = importlib.util.spec_from_file_location("musicnn_configuration", home() / "configuration.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def labels(model):
    return configuration().MSD_LABELS if model.startswith("MSD") else configuration().MTT_LABELS


def nodes_that_compute(graph):
    """The graph without training, and without what leans on training."""
    kept = [n for n in graph.node if not n.name.startswith(("gradients", "train", "save")) and "Adam" not in n.name]
    while True:
        names = {n.name for n in kept}
        left = [n for n in kept if all(i.lstrip("^").split(":")[0] in names for i in n.input)]
        if len(left) == len(kept):
            return kept
        kept = left


@functools.cache
def network(model):
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    folder = home() / model
    meta = tf.MetaGraphDef()
    meta.ParseFromString((folder / ".meta").read_bytes())
    cut = tf.GraphDef()
    cut.versions.CopyFrom(meta.graph_def.versions)
    for node in nodes_that_compute(meta.graph_def):
        copy = cut.node.add()
        copy.CopyFrom(node)
        copy.attr.pop("_output_shapes", None)
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(cut, name="")
        session = tf.Session(graph=graph, config=tf.ConfigProto(intra_op_parallelism_threads=1))
        weights = tf.train.NewCheckpointReader(f"{folder}/")
        shapes = weights.get_variable_to_shape_map()
        for node in cut.node:
            if node.op in ("VariableV2", "Variable") and node.name in shapes:
                value = graph.get_operation_by_name(node.name + "/Assign").inputs[1]
                session.run(node.name + "/Assign", feed_dict={value: weights.get_tensor(node.name)})
    inputs = [o.outputs[0] for o in graph.get_operations() if o.type == "Placeholder" and o.name.startswith("model")]
    output = [o for o in graph.get_operations() if o.type == "Sigmoid"][-1].outputs[0]
    return session, inputs, output


def patches(path):
    """Mel spectrogram as musicnn takes it: 3 s patches, every second one."""
    c = configuration()
    audio, _ = librosa.load(path, sr=c.SR)
    mel = librosa.feature.melspectrogram(y=audio, sr=c.SR, hop_length=c.FFT_HOP, n_fft=c.FFT_SIZE, n_mels=c.N_MELS).T
    mel = np.log10(10000 * mel + 1).astype(np.float32)
    frames = 187
    return np.array([mel[i : i + frames] for i in range(0, len(mel) - frames, 2 * frames)])


def hear(path):
    """{model: {tag: mean activation}}"""
    batch, heard = patches(path), {}
    for model in MODELS:
        session, inputs, output = network(model)
        feed = {t: False if t.dtype.name == "bool" else batch for t in inputs if t.shape.rank != 2}
        mean = session.run(output, feed_dict=feed).mean(axis=0)
        heard[model] = {tag: round(float(v), 4) for tag, v in zip(labels(model), mean)}
    return heard


def strongest(heard, model, count=STRONGEST):
    return sorted(heard[model], key=lambda tag: -heard[model][tag])[:count]


def in_family(style, heard):
    return any(FAMILIES[style] & set(strongest(heard, model)) for model in MODELS)


def text(heard):
    return " | ".join(", ".join(f"{t} {heard[m][t]:.2f}" for t in strongest(heard, m)) for m in MODELS)


def apart(heard_by_name):
    """Is the track that sounds most alike, of all the others, one of the same style? Cosine of centred log-odds."""
    names = sorted(heard_by_name)
    styles = [n.rsplit("-", 1)[0] for n in names]
    values = np.array([[v for m in MODELS for v in heard_by_name[n][m].values()] for n in names])
    odds = np.log((values + 1e-3) / (1 - values + 1e-3))
    odds -= odds.mean(axis=0)
    odds /= np.linalg.norm(odds, axis=1, keepdims=True)
    alike = odds @ odds.T
    np.fill_diagonal(alike, -2)
    nearest = alike.argmax(axis=1)
    right = [styles[i] == styles[j] for i, j in enumerate(nearest)]
    strays = [f"{names[i]} like {names[j]}" for i, j in enumerate(nearest) if not right[i]]
    chance = 100 * np.mean([(styles.count(s) - 1) / (len(names) - 1) for s in styles])
    return f"nearest of the others has the same style: {sum(right)}/{len(names)} (chance {chance:.0f} %); {strays}"
