#include "mix/roles.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
// cmocka wants those before it
#include <cmocka.h>

#include "dsp/dsp.h"

enum { RATE = 48000, SECONDS = 8, FRAMES = SECONDS * RATE };

static void names_say_what_a_stem_is(void **state) {
    (void)state;
    static const struct {
        const char *file;
        grm_role role;
    } names[] = {
        {"Vox_Lead.wav", GRM_ROLE_VOCAL},
        {"LeadVox 02.wav", GRM_ROLE_VOCAL},
        {"BGV stack.aif", GRM_ROLE_VOCAL},
        {"Bass DI.aif", GRM_ROLE_BASS},
        {"bass drum.wav", GRM_ROLE_KICK},
        {"01_KICK_in.wav", GRM_ROLE_KICK},
        {"SubKick.wav", GRM_ROLE_KICK},
        {"SynthBass.wav", GRM_ROLE_BASS},
        {"808.wav", GRM_ROLE_BASS},
        {"Snare Top.wav", GRM_ROLE_SNARE},
        {"Clap-1.flac", GRM_ROLE_SNARE},
        {"HiHat.wav", GRM_ROLE_HATS},
        {"hh_closed.wav", GRM_ROLE_HATS},
        {"Ride Cymbal.wav", GRM_ROLE_HATS},
        {"Overheads L.wav", GRM_ROLE_DRUMS},
        {"Drum Loop 120bpm.wav", GRM_ROLE_DRUMS},
        {"Toms.wav", GRM_ROLE_DRUMS},
        {"Shaker.wav", GRM_ROLE_PERCUSSION},
        {"Congas_R.wav", GRM_ROLE_PERCUSSION},
        {"Lead Guitar.wav", GRM_ROLE_LEAD},
        {"01-lead-melody.wav", GRM_ROLE_LEAD},
        {"02-answer.wav", GRM_ROLE_COUNTER},
        {"E.Gtr L.wav", GRM_ROLE_CHORDS},
        {"Grand Piano.wav", GRM_ROLE_CHORDS},
        {"Hammond.ogg", GRM_ROLE_CHORDS},
        {"Strings.wav", GRM_ROLE_PAD},
        {"warm pad.wav", GRM_ROLE_PAD},
        {"ARP.wav", GRM_ROLE_ARP},
        {"Vinyl Crackle.wav", GRM_ROLE_TEXTURE},
        {"Riser.wav", GRM_ROLE_FX},
        {"some/kick folder/bass.wav", GRM_ROLE_BASS},
        {"OHL.wav", GRM_ROLE_DRUMS},
        {"oh_r.wav", GRM_ROLE_DRUMS},
        {"BD_in.wav", GRM_ROLE_KICK},
        {"KickOut.wav", GRM_ROLE_KICK},
        {"Grosse Caisse.wav", GRM_ROLE_KICK},
        {"SD-Top.wav", GRM_ROLE_SNARE},
        {"12_SnrBot.wav", GRM_ROLE_SNARE},
        {"Caisse Claire.wav", GRM_ROLE_SNARE},
        {"HandClap.wav", GRM_ROLE_SNARE},
        {"Hi-Hat (2).wav", GRM_ROLE_HATS},
        {"Cym_L.wav", GRM_ROLE_HATS},
        {"Schlagzeug.wav", GRM_ROLE_DRUMS},
        {"Rack Tom 1.wav", GRM_ROLE_DRUMS},
        {"Bajo DI.wav", GRM_ROLE_BASS},
        {"Bassgitarre.wav", GRM_ROLE_BASS},
        {"07 LdVox.wav", GRM_ROLE_VOCAL},
        {"BGV_2.wav", GRM_ROLE_VOCAL},
        {"Voz principal.wav", GRM_ROLE_VOCAL},
        {"Gesang.wav", GRM_ROLE_VOCAL},
        {"EGtr1_DI.wav", GRM_ROLE_CHORDS},
        {"AcGtr.wav", GRM_ROLE_CHORDS},
        {"12 String Gtr.wav", GRM_ROLE_CHORDS},
        {"Gitarre links.wav", GRM_ROLE_CHORDS},
        {"Teclados.wav", GRM_ROLE_CHORDS},
        {"Rhodes 73.wav", GRM_ROLE_CHORDS},
        {"Upright Piano.wav", GRM_ROLE_CHORDS},
        {"Guitar Solo.wav", GRM_ROLE_LEAD},
        {"Bass Clarinet.wav", GRM_ROLE_LEAD},
        {"Vln 1.wav", GRM_ROLE_PAD},
        {"Choir Pad.wav", GRM_ROLE_PAD},
        {"Rev Cym.wav", GRM_ROLE_FX},
        {"Room Tone.wav", GRM_ROLE_TEXTURE},
        {"song.ogg", GRM_ROLE_OTHER},
        {"Backing Track.wav", GRM_ROLE_OTHER},
    };
    grm_roles *roles;
    assert_int_equal(grm_roles_load(&roles, NULL), GRM_OK);
    for (size_t i = 0; i < GRM_COUNT(names); i++) {
        grm_role role = GRM_ROLE_OTHER;
        assert_true(grm_roles_by_name(roles, names[i].file, &role));
        if (role != names[i].role) fail_msg("%s is taken for %s", names[i].file, grm_role_name(role));
    }
    grm_role role;
    assert_false(grm_roles_by_name(roles, "Audio 01_03.wav", &role));
    assert_false(grm_roles_by_name(roles, "bassoon-like.wav", &role));  // a word is whole or it is none
    assert_false(grm_roles_by_name(roles, "Track 12 mic.wav", &role));
    assert_int_equal(grm_roles_side_by_name("E.Gtr L.wav"), -1);
    assert_int_equal(grm_roles_side_by_name("OH_Right.wav"), 1);
    assert_int_equal(grm_roles_side_by_name("Lead.wav"), 0);
    grm_roles_free(roles);
}

// ---- sounds ----

static double decay(double t, double every, double rate) {
    return exp(-fmod(t, every) * rate);
}

static float kick(double t, grm_rng *rng) {
    (void)rng;
    double beat = fmod(t, 0.5);
    return (float)(0.8 * sin(6 * (1 - exp(-beat * 40)) + 330 * beat) * exp(-beat * 9));
}

static float hats(double t, grm_rng *rng) {
    static const float share[] = {1, 0.4f, 0.7f, 0.4f};
    static float last[2];  // two differences leave the top
    float x = grm_rng_normal(rng), once = x - last[0], twice = once - last[1];
    last[0] = x;
    last[1] = once;
    return 0.1f * twice * (float)decay(t, 0.125, 45) * share[(int)(t / 0.125) % 4];
}

static float bass(double t, grm_rng *rng) {
    (void)rng;
    static const double hz[] = {41.2, 41.2, 55, 49};
    double f = hz[(int)(t / 0.5) % 4], x = 0;
    for (int k = 1; k < 6; k++) x += sin(2 * GRM_PI * f * k * t) / (k * k);
    return (float)(0.3 * x * decay(t, 0.25, 3));
}

static float pad(double t, grm_rng *rng) {
    (void)rng;
    static const double root[] = {220, 174.6, 196, 164.8};
    double f = root[(int)(t / 2) % 4], x = 0;
    for (int note = 0; note < 3; note++)
        for (int k = 1; k < 5; k++) x += sin(2 * GRM_PI * f * (1 + 0.25 * note) * k * t + note) / (k * k);
    return (float)(0.1 * x * fmin(1, fmod(t, 2) * 3));
}

static grm_role role_of(float (*sound)(double, grm_rng *), double *tempo) {
    grm_tape *tape;
    grm_roles *roles;
    grm_sound heard;
    grm_run run = {0};
    grm_rng rng = grm_rng_new(3, "roles");
    float *x = grm_floats_new(FRAMES), sure;
    for (size_t i = 0; i < FRAMES; i++) x[i] = sound((double)i / RATE, &rng);
    assert_int_equal(grm_tape_new(2, RATE, NULL, &tape, NULL), GRM_OK);
    assert_int_equal(grm_tape_append(tape, (const float *const[]){x, x}, FRAMES, NULL), GRM_OK);
    assert_int_equal(grm_roles_load(&roles, NULL), GRM_OK);
    assert_int_equal(grm_sound_hear(&run, tape, &heard, NULL), GRM_OK);
    grm_role role = grm_roles_by_sound(roles, &heard, &sure);
    assert_true(sure > 0.3f && sure <= 1);
    if (tempo) *tempo = grm_sounds_tempo(&heard, 1, RATE);
    grm_sound_free(&heard);
    grm_roles_free(roles);
    grm_tape_free(tape);
    free(x);
    return role;
}

static void sounds_say_it_where_names_do_not(void **state) {
    (void)state;
    double tempo;
    assert_string_equal(grm_role_name(role_of(kick, &tempo)), "kick");
    assert_true(fabs(tempo - 120) < 1);
    // Between these even people have to ask.
    grm_role top = role_of(hats, NULL), held = role_of(pad, NULL);
    assert_true(top == GRM_ROLE_HATS || top == GRM_ROLE_PERCUSSION);
    assert_true(held == GRM_ROLE_PAD || held == GRM_ROLE_CHORDS);
    assert_string_equal(grm_role_name(role_of(bass, NULL)), "bass");
}

static void silence_has_no_role(void **state) {
    (void)state;
    grm_tape *tape;
    grm_roles *roles;
    grm_sound heard;
    grm_run run = {0};
    float *x = grm_floats_new(RATE), sure = 1;
    assert_int_equal(grm_tape_new(2, RATE, NULL, &tape, NULL), GRM_OK);
    assert_int_equal(grm_tape_append(tape, (const float *const[]){x, x}, RATE, NULL), GRM_OK);
    assert_int_equal(grm_roles_load(&roles, NULL), GRM_OK);
    assert_int_equal(grm_sound_hear(&run, tape, &heard, NULL), GRM_OK);
    assert_true(heard.silent);
    assert_int_equal(grm_roles_by_sound(roles, &heard, &sure), GRM_ROLE_OTHER);
    assert_true(sure == 0);
    assert_true(grm_sounds_tempo(&heard, 1, RATE) == 0);
    grm_sound_free(&heard);
    grm_roles_free(roles);
    grm_tape_free(tape);
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_say_what_a_stem_is),
        cmocka_unit_test(sounds_say_it_where_names_do_not),
        cmocka_unit_test(silence_has_no_role),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
