// Every figure that the meter takes of a recording: one line each, from which the struct, the JSON and the guide come.
#ifndef GRAMMY_FEATURES_H
#define GRAMMY_FEATURES_H

// X(name, unit, lowest, highest, what it is and where its definition comes from). The bounds are those of the
// definition or, where that has none, what real recordings stay within; values are not clamped to them. NaN: not
// measured (skipped in this profile, or the recording has nothing to measure it on), null in JSON.
#define GRM_FEATURE_LIST(X)                                                                                           \
    /* the file */                                                                                                    \
    X(duration_s, "s", 0, 36000, "frames over rate")                                                                  \
    X(sample_rate_hz, "Hz", 8000, 384000, "of the file")                                                              \
    X(channels, "", 1, 8, "of the file")                                                                              \
    X(bit_depth, "bit", 1, 32, "smallest word length that holds every sample; 32 for floats beyond 24 bits")          \
    /* level */                                                                                                       \
    X(integrated_lufs, "LUFS", -70, 5, "ITU-R BS.1770-5, gated")                                                      \
    X(momentary_max_lufs, "LUFS", -70, 10, "EBU Tech 3341, 400 ms")                                                   \
    X(short_term_max_lufs, "LUFS", -70, 8, "EBU Tech 3341, 3 s")                                                      \
    X(loudness_range_lu, "LU", 0, 40, "EBU Tech 3342")                                                                \
    X(true_peak_dbtp, "dBTP", -120, 6, "ITU-R BS.1770-5 annex 2, 8 points a sample")                                  \
    X(sample_peak_dbfs, "dBFS", -120, 6, "largest magnitude")                                                         \
    X(rms_dbfs, "dBFS", -120, 0, "root mean square of all channels, a full-scale sine is -3.01")                      \
    X(crest_factor_db, "dB", 0, 40, "sample peak over RMS")                                                           \
    X(plr_db, "dB", 0, 40, "true peak minus integrated loudness (AES TD1008)")                                        \
    X(psr_db, "dB", 0, 40, "median over time of true peak minus short-term loudness")                                 \
    X(dc_offset, "", -1, 1, "mean of the samples, the channel that is farthest from 0")                               \
    X(clipped_samples, "", 0, 1e9, "samples in runs of 3 or more at one and the same extreme of 0.98 or more")        \
    X(head_silence_s, "s", 0, 36000, "before the first sample over -60 dBFS")                                         \
    X(tail_silence_s, "s", 0, 36000, "after the last one")                                                            \
    /* spectrum: means over the frames of librosa's series */                                                         \
    X(spectral_centroid_hz, "Hz", 0, 24000, "librosa.feature.spectral_centroid")                                      \
    X(spectral_bandwidth_hz, "Hz", 0, 24000, "librosa.feature.spectral_bandwidth, p = 2")                             \
    X(spectral_rolloff_hz, "Hz", 0, 24000, "librosa.feature.spectral_rolloff, 85 %")                                  \
    X(spectral_flatness, "", 0, 1, "librosa.feature.spectral_flatness")                                               \
    X(spectral_flux, "", 0, 100, "mean rise of magnitude from frame to frame, over the mean magnitude")               \
    X(zero_crossing_rate, "", 0, 1, "librosa.feature.zero_crossing_rate")                                             \
    X(tonal_balance_error_db, "dB", 0, 40, "mean distance of the ten octaves to pink noise, at their median")         \
    X(spectral_tilt_db, "dB/octave", -20, 10, "slope of the ten octaves")                                             \
    X(low_end_mono, "", 0, 1, "share of the energy below 120 Hz that is in mid")                                      \
    X(hum_db, "dB", -120, 0, "lines at 50 or 60 Hz and harmonics that never stop, against the whole")                 \
    X(hum_hz, "Hz", 50, 60, "mains frequency of that hum; null: none is heard")                                       \
    X(noise_floor_dbfs, "dBFS", -120, 0, "level that 5 % of the frames stay under")                                   \
    /* balance and faults: from the long-term spectrum at the file's own rate, alike in both modes */                 \
    X(bass_db, "dB", -60, 40, "40-160 Hz against 800 Hz-3.2 kHz, pink noise at 0")                                    \
    X(mud_db, "dB", -40, 40, "200-400 Hz against the line from 80-160 to 800-1600 Hz")                                \
    X(presence_db, "dB", -40, 40, "2-5 kHz against 800-1600 Hz, pink noise at 0")                                     \
    X(air_db, "dB", -120, 40, "6-16 kHz against 800 Hz-3.2 kHz, the loudest tenth of the frames, pink noise at 0")    \
    X(timbre_change_db, "dB", 0, 40, "mean distance of the octaves' levels between stretches of 6 s")                 \
    X(tone_share, "", 0, 1, "share of the energy within the strongest semitone")                                      \
    X(noise_db, "dB", -120, 0, "what never stops and has no pitch, against the whole (minimum statistics)")           \
    X(hiss_db, "dB", -120, 0, "the same above 1.1 kHz, and between strokes, against what is there")                   \
    X(flat_tops_ppm, "ppm", 0, 1e6, "samples in flat tops near the peak: 0.16 ms or longer, then steep flanks")       \
    X(dropouts, "", 0, 1e6, "gaps of silence of 1 to 300 ms that begin and end at once")                              \
    X(bandwidth_hz, "Hz", 2000, 192000, "where the spectrum ends as at a wall; half of the rate where it does not")   \
    X(pitch_wander_cents, "cents", 0, 100, "spread of what low and high partials' pitch shares over time")            \
    X(pitch_drift_cents, "cents", 0, 50, "the same from stretch to stretch of 4 s, as when the speed rises or steps") \
    /* harmony */                                                                                                     \
    X(tuning_bins, "bins", -0.5, 0.5, "librosa.estimate_tuning, fraction of a semitone")                              \
    X(key_confidence, "", 0, 1, "of `key`, against the other keys and against none")                                  \
    X(chord_change_rate_hz, "1/s", 0, 8, "changes of the chord sequence")                                             \
    X(harmonic_complexity, "", 0, 1, "entropy of the chords used, over that of 24 equal ones")                        \
    X(consonance, "", 0, 1, "mean weight of the intervals that sound together")                                       \
    X(chroma_entropy, "", 0, 1, "of the mean chroma, over log 12")                                                    \
    /* rhythm */                                                                                                      \
    X(tempo_bpm, "1/min", 30, 300, "of the beats found")                                                              \
    X(tempo_confidence, "", 0, 1, "of tempo_bpm, against its alternatives")                                           \
    X(tempo_drift_percent, "%", 0, 100, "spread of the tempo over time, 10th to 90th percentile")                     \
    X(beat_confidence, "", 0, 1, "share of onset strength that beats explain")                                        \
    X(beats_per_bar, "", 2, 12, "from the downbeats: 3, 4, 5, or 6 and 7 eighths")                                    \
    X(onset_rate_hz, "1/s", 0, 30, "onsets found")                                                                    \
    X(onset_strength_mean, "", 0, 100, "librosa.onset.onset_strength")                                                \
    X(pulse_clarity, "", 0, 1, "Lartillot et al. 2008: largest autocorrelation of onset strength")                    \
    X(swing_ratio, "", 1, 3.5, "long over short eighth")                                                              \
    X(syncopation, "", 0, 1, "share of onset strength off the beats that is stronger than its beat")                  \
    X(danceability, "", 0, 3, "detrended fluctuation analysis, Streich and Herrera 2005")                             \
    /* form */                                                                                                        \
    X(section_count, "", 1, 100, "from self-similarity")                                                              \
    X(repetition, "", 0, 1, "share of the bars within four that come again")                                          \
    X(hook_strength, "", 0, 1, "how often and how soon the most repeated 4 or 8 bars come")                           \
    X(hook_first_s, "s", 0, 36000, "where these bars come first")                                                     \
    X(intro_s, "s", 0, 36000, "until the first section begins that is within 5 LU of the whole")                      \
    X(energy_range_db, "dB", 0, 60, "loudest section over softest")                                                   \
    X(energy_arc, "", -1, 1, "rank correlation of level and time up to the loudest section")                          \
    /* source */                                                                                                      \
    X(harmonic_ratio, "", 0, 1, "harmonic share of the energy (librosa.effects.hpss); in lightweight within 0.14")    \
    X(speech_likeness, "", 0, 1, "of speech alone: pauses, a level that goes far up and down, syllables not in step") \
    X(voice_likeness, "", 0, 1, "that somebody sings or speaks: the ninth decile of the seconds, docs/series.md")     \
    X(voice_share, "", 0, 1, "share of the seconds that sound in which a voice is likelier than none")                \
    /* stereo */                                                                                                      \
    X(stereo_correlation, "", -1, 1, "of left and right")                                                             \
    X(stereo_width, "", 0, 1, "share of the energy in the side signal")                                               \
    X(stereo_balance_db, "dB", -60, 60, "right over left")                                                            \
    X(mono_loss_db, "dB", -60, 6, "level of the mono sum against the mean of the channels, 0: nothing is lost")

#endif
