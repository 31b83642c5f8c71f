// Tempos, keys, metres and lengths that people give, and what is none of these.
#include "prompt/expect.h"

static void tempo_is_found(void **state) {
    const example examples[] = {
        {"lofi, 85 BPM", "bpm=85; from:bpm=p; sure:bpm>0.95"},
        {"85bpm lofi", "bpm=85"},
        {"house at 120", "bpm=120"},
        {"around 120, house", "bpm=120; sure:bpm<0.95"},
        {"house, 120-ish", "bpm=120"},
        {"house 120ish", "bpm=120"},
        {"tempo 96, pop", "bpm=96"},
        {"tempo: 96", "bpm=96"},
        {"BPM=133 trance", "bpm=133"},
        {"90-100 bpm", "bpm=95"},
        {"90 to 100 bpm", "bpm=95"},
        {"between 90 and 100 bpm", "bpm=95"},
        {"127.5 bpm techno", "bpm=127.5"},
        {"one hundred and twenty bpm", "bpm=120"},
        {"ninety-five bpm", "bpm=95"},
        {"one forty bpm trap", "bpm=140"},
        {"120 beats per minute", "bpm=120"},
        {"90 beats a minute for 2 minutes", "bpm=90; s=120"},
        {"~ 100 bpm", "bpm=100"},
        {"techno 130", "bpm=130; sure:bpm<0.7"},
        {"lofi, 82, rainy", "bpm=82"},
        {"20 bpm drone", "bpm=20"},
        {"400 BPM speedcore techno", "bpm=400"},
        {"lofi at 200 bpm", "bpm=200"},
        {"slow techno", "bpm<129; from:bpm=p"},
        {"fast lofi", "bpm>80; from:bpm=p"},
        {"andante piano piece", "bpm>75; bpm<101; from:bpm=p"},
        {"allegro string quartet", "bpm>119; bpm<153"},
        {"presto, piano sonata", "bpm>160"},
        {"pop", "from:bpm=S"},
    };
    CHECK(examples);
}

static void other_numbers_are_no_tempo(void **state) {
    const example examples[] = {
        {"rock with 2 guitars", "from:bpm=S"},
        {"techno with 808 and 909", "from:bpm=S; from:s=s"},
        {"trap with 808s", "from:bpm=S; from:s=s; +808-bass"},
        {"pop 24/7", "from:bpm=S; from:metre=s; from:s=s"},
        {"90s house", "from:bpm=S; era=1990s; from:s=s"},
        {"lofi for 3 am", "from:bpm=S; from:key=S"},
        {"route 66 rock, blink 182 style", "from:bpm=S"},
        {"studio 54 disco", "from:bpm=S"},
        {"top 40 pop", "from:bpm=S"},
        {"at 440 hz, ambient", "from:bpm=S"},
        {"16 bit, 8-bit chiptune", "from:bpm=S"},
        {"pop at 90 seconds", "from:bpm=S"},
    };
    CHECK(examples);
}

static void keys_are_found(void **state) {
    const example examples[] = {
        {"lofi in F# minor", "key=F# minor; from:key=p; sure:key>0.9"},
        {"F sharp minor lofi", "key=F# minor"},
        {"key of A, pop", "key=A major"},
        {"D dorian funk", "key=D dorian"},
        {"Bb major jazz", "key=Bb major"},
        {"rock in Eb", "key=Eb major"},
        {"C-minor sonata", "key=C minor"},
        {"trance, Am", "key=A minor"},
        {"pop in c minor", "key=C minor"},
        {"F\xE2\x99\xAFm techno", "key=F# minor"},
        {"E flat minor", "key=Eb minor"},
        {"B\xE2\x99\xAD major waltz", "key=Bb major"},
        {"IN A MINOR, TECHNO", "key=A minor"},
        {"song in a minor, 90 bpm", "key=A minor; bpm=90"},
        {"key: g# minor", "key=G# minor"},
        {"C harmonic minor trap", "key=C minor"},
        {"phrygian techno", "mode=phrygian; from:key=p"},
        {"rock in a minor key", "mode=minor; from:key=p; sure:key<0.7"},
        {"Dm, house, 122 bpm", "key=D minor; bpm=122"},
        {"C#m trance at 138", "key=C# minor; bpm=138"},
        {"G mixolydian rock", "key=G mixolydian"},
        {"F-sharp-minor ambient", "key=F# minor"},
        {"Cmin techno", "key=C minor"},
        {"reggaeton 95bpm bm", "key=B minor; bpm=95"},
        {"trap, gm, dark", "key=G minor"},
    };
    CHECK(examples);
}

static void what_sounds_like_a_key_is_none(void **state) {
    const example examples[] = {
        {"pop in a minor way", "from:key=S"}, {"a major hit, pop", "from:key=S"},
        {"techno in a club", "from:key=S"},   {"I am sad, pop", "from:key=S"},
        {"lofi at 3 am", "from:key=S"},       {"-6 dB pop", "from:key=S"},
        {"FM synth pop", "from:key=S"},       {"a flat bass sound, house", "from:key=S"},
        {"happy pop", "from:key=S"},          {"pop with a major key change", "from:key=S; !key-change"},
        {"plan b pop", "from:key=S"},         {"ebm techno", "from:key=S"},
        {"pop, send me a dm", "from:key=S"},  {"pop, 5 cm, small", "from:key=S"},
    };
    CHECK(examples);
}

static void metres_are_found(void **state) {
    const example examples[] = {
        {"waltz", "metre=3/4; from:metre=p"},
        {"jazz waltz", "metre=3/4; style=jazz-swing"},
        {"rock in 6/8", "metre=6/8;bpm<110"},  // of dotted quarters
        {"7/8 rock", "metre=7/8; sure:metre>0.9"},
        {"prog rock in seven", "metre=7/8"},
        {"rock in 5", "metre=5/4"},
        {"5/4 jazz", "metre=5/4"},
        {"common time pop", "metre=4/4; from:metre=p"},
        {"cut time march", "metre=4/4"},
        {"12/8 slow blues", "metre=12/8"},
        {"1/16 hats, techno", "from:metre=s"},
        {"date 4/8/2020, techno", "from:metre=s"},
        {"3/4 of the time, techno", "from:metre=s"},
        {"13/8 techno", "metre=4/4; from:metre=s"},
        {"techno in 3 minutes", "from:metre=s"},
    };
    CHECK(examples);
}

// A beat tracker, or a listener, finds the asked tempo surely in plain bars only.
static void an_asked_tempo_comes_in_plain_bars(void **state) {
    const char *prompts[] = {"rock at 120 bpm", "R&B, 85 bpm", "jazz 140 bpm", "orchestral, 90 bpm",
                             "piano piece, 80 bpm"};
    for (size_t i = 0; i < GRM_COUNT(prompts); i++)
        for (uint64_t seed = 0; seed < 12; seed++) {
            grm_brief_options options = {.has_seed = true, .seed = seed};
            grm_brief *b = read_brief(prompts[i], &options);
            assert_true(b->metre.unit == 4 && (b->metre.beats == 4 || b->metre.beats == 3));
            grm_brief_free(b);
        }
}

static void lengths_are_found(void **state) {
    const example examples[] = {
        {"pop, 3 minutes", "s=180; from:s=p; sure:s>0.95"},
        {"2:30 pop", "s=150"},
        {"30s loop of house", "s=30; !loop; era=-; style=house"},
        {"two and a half minutes of ambient", "s=150; style=ambient"},
        {"90 seconds of jazz", "s=90"},
        {"a minute and a half of pop", "s=90"},
        {"half a minute of pop", "s=30"},
        {"a one-minute loop", "s=60"},
        {"a 3-minute pop song", "s=180"},
        {"pop, 2m30s", "s=150"},
        {"pop 2 min 30 sec", "s=150"},
        {"pop, 2 minutes and 30 seconds", "s=150"},
        {"one minute thirty, pop", "s=90"},
        {"3 1/2 minutes of pop", "s=210"},
        {"3\xC2\xBD minutes of pop", "s=210"},
        {"1.5 minute pop", "s=90"},
        {"2-3 minutes of house", "s=150"},
        {"a couple of minutes of house", "s=120"},
        {"techno with a 30 second intro, 4 minutes", "s=240"},
        {"drop at 1:00, house, 3:00", "s=180"},
        {"fade out over the last 10 seconds, pop", "from:s=s"},
        {"a second verse, pop", "from:s=s"},
        {"wait a minute, pop", "from:s=s"},
        {"16 bars of boom bap at 90 bpm in 4/4", "from:s=p; s>42; s<43"},
        {"12 bar blues", "from:s=s"},
        {"pop, 8 bar intro", "from:s=s"},
        {"pop", "from:s=s"},
    };
    CHECK(examples);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tempo_is_found),    cmocka_unit_test(other_numbers_are_no_tempo),
        cmocka_unit_test(keys_are_found),    cmocka_unit_test(what_sounds_like_a_key_is_none),
        cmocka_unit_test(metres_are_found),  cmocka_unit_test(an_asked_tempo_comes_in_plain_bars),
        cmocka_unit_test(lengths_are_found),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
