"""Pieces of more than 30 s: greedy codes by audiocraft's rule, over transformers' decoder; and chroma."""
import numpy as np
import torch
from transformers import MusicgenMelodyForConditionalGeneration
from transformers.cache_utils import DynamicCache, EncoderDecoderCache


def chroma_of(sound):
    """MusicgenMelodyFeatureExtractor's, whose own spectrogram needs torchaudio."""
    from transformers.audio_utils import chroma_filter_bank
    bank = torch.from_numpy(chroma_filter_bank(sampling_rate=32000, num_frequency_bins=16384, tuning=0, num_chroma=12))
    sound = torch.from_numpy(sound)
    if len(sound) < 16384:
        pad = 16384 - len(sound)
        sound = torch.nn.functional.pad(sound, (pad // 2, pad - pad // 2))
    power = torch.stft(sound, 16384, 4096, window=torch.hann_window(16384), center=True, pad_mode="reflect",
                       return_complex=True).abs() ** 2
    raw = bank.float() @ power
    best = raw.argmax(0)
    return torch.nn.functional.one_hot(best, 12).float()


class Windows:
    """Windows of 30 s, each 18 s after the one before, which begins with what is there. A melody goes on with its window,
    and begins again at its end."""

    def __init__(self, model, ids, guidance, melody):
        self.model, self.guidance, self.melody = model, guidance, melody
        d = model.config.decoder
        self.books, self.channels, self.codes = d.num_codebooks, d.audio_channels, d.vocab_size
        hidden = model.text_encoder(input_ids=ids).last_hidden_state
        self.text = model.enc_to_dec_proj(hidden) if hasattr(model, "enc_to_dec_proj") else hidden

    def conditions(self, first_frame):
        if self.melody is None and not isinstance(self.model, MusicgenMelodyForConditionalGeneration):
            return torch.cat([self.text, torch.zeros_like(self.text)])
        length = self.model.config.chroma_length
        if self.melody is None:
            chroma = torch.zeros(1, 12)
            chroma[0, 0] = 1
        else:
            places = (first_frame * 640 + np.arange(30 * 32000)) % len(self.melody)
            chroma = chroma_of(self.melody[places])
        rows = chroma.repeat(-(-length // len(chroma)), 1)[:length]
        silent = torch.zeros_like(rows)
        silent[:, 0] = 1
        rows = self.model.audio_enc_to_dec_proj(torch.stack([rows, silent]))
        return torch.cat([rows, torch.cat([self.text, torch.zeros_like(self.text)])], 1)

    def window(self, given, frames, first_frame):
        delays = [k // self.channels for k in range(self.books)]
        columns = frames + self.books // self.channels
        grid = np.full((self.books, columns), self.codes)
        free = np.zeros((self.books, columns), bool)
        for k, delay in enumerate(delays):
            grid[k, 1 + delay:1 + delay + given.shape[1]] = given[k]
            free[k, 1 + delay + given.shape[1]:1 + delay + frames] = True
        melody = isinstance(self.model, MusicgenMelodyForConditionalGeneration)
        states = self.conditions(first_frame)
        cache = DynamicCache() if melody else EncoderDecoderCache(DynamicCache(), DynamicCache())
        fed = 0
        for column in range(given.shape[1] + 1, columns):
            ids = torch.from_numpy(grid[:, fed:column]).repeat(2, 1)
            named = dict(input_ids=ids, past_key_values=cache, use_cache=True)
            if not melody:
                mask = torch.ones(2, states.shape[1])
                mask[1] = 0
                named.update(encoder_hidden_states=states, encoder_attention_mask=mask)
            elif fed == 0:
                named.update(encoder_hidden_states=states, encoder_attention_mask=torch.ones(2, states.shape[1]))
            logits = self.model.decoder(**named).logits[:, -1].reshape(2, self.books, -1)
            best = (logits[1] + self.guidance * (logits[0] - logits[1])).argmax(-1).numpy()
            grid[free[:, column], column] = best[free[:, column]]
            fed = column
        return np.array([grid[k, 1 + delay:1 + delay + frames] for k, delay in enumerate(delays)])

    def run(self, given, total, window=1500, stride=900):
        if total <= window:
            return self.window(given, total, 0)
        pieces, offset, start = [given], 0, given
        while offset + start.shape[1] < total:
            made = self.window(start, min(total - offset, window), offset)
            pieces.append(made[:, start.shape[1]:])
            start = made[:, stride:]
            offset += stride
        return np.concatenate(pieces, 1)
