// What people type, and what a brief must then say. An expectation lists fields between ";":
//   style= genre= blend= (one of the blended)  bpm= key= mode= tonic= metre= s= (length)  era= voice= title= seed=
//   +id -id (instrument wanted, excluded)  ~id (texture)  !wish  sections=a>b  only  all (not only)
//   v> v< e> e< (valence, energy beyond that)  bpm> bpm<  none+ none- none~ none! (nothing of the kind)
//   from:FIELD=p|s|S|o (prompt, style, seed, option)  sure:FIELD> sure:FIELD<
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "prompt/prompt.h"

static grm_brief *read_brief(const char *prompt, const grm_brief_options *options) {
    grm_brief *brief = NULL;
    grm_error err = {0};
    if (grm_brief_read(prompt, options, catalogue, &brief, &err) != GRM_OK)
        fail_msg("\"%.80s\" was refused: %s", prompt, err.message);
    return brief;
}

static bool has(const grm_words *words, const char *text) {
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i], text) == 0) return true;
    return false;
}

static int field_named(const char *name) {
    static const char *const names[] = {"genre",    "mood",     "bpm",  "key", "metre", "s",     "instruments",
                                        "excluded", "textures", "form", "era", "voice", "title", "seed"};
    for (int i = 0; i < GRM_BRIEF_FIELD_COUNT; i++)
        if (strcmp(names[i], name) == 0) return i;
    fail_msg("no field \"%s\"", name);
    return 0;
}

static bool same_text(const char *a, const char *b) {
    return a ? strcmp(a, b) == 0 : strcmp(b, "-") == 0;
}

static bool holds_provenance(const grm_brief *b, const char *want) {
    char name[32];
    const char *colon = strchr(want, ':') + 1;
    size_t n = strcspn(colon, "=<>");
    snprintf(name, sizeof(name), "%.*s", (int)n, colon);
    const grm_provenance *p = &b->from[field_named(name)];
    const char *value = colon + n + 1;
    if (colon[n] == '=') return "psSo"[p->source] == *value;
    return colon[n] == '>' ? (double)p->confidence > atof(value) : (double)p->confidence < atof(value);
}

static bool holds_named(const grm_brief *b, const char *want) {
    char text[128] = "", name[16];
    size_t n = strcspn(want, "=<>");
    const char *value = want + n + 1;
    double number = atof(value);
    snprintf(name, sizeof(name), "%.*s", (int)n, want);
    char comparison = want[n];
    double own = strcmp(name, "bpm") == 0 ? b->tempo_bpm
                 : strcmp(name, "s") == 0 ? b->duration_s
                 : strcmp(name, "v") == 0 ? b->valence
                 : strcmp(name, "e") == 0 ? b->energy
                                          : NAN;
    if (!isnan(own)) {
        if (comparison == '=') return fabs(own - number) < 1e-9;
        return comparison == '>' ? own > number : own < number;
    }
    if (strcmp(name, "style") == 0) return same_text(b->style, value);
    if (strcmp(name, "genre") == 0) return same_text(b->genre, value);
    if (strcmp(name, "era") == 0) return same_text(b->era, value);
    if (strcmp(name, "voice") == 0) return same_text(b->voice, value);
    if (strcmp(name, "title") == 0) return same_text(b->title, value);
    if (strcmp(name, "seed") == 0) return b->seed == strtoull(value, NULL, 10);
    if (strcmp(name, "blend") == 0)
        return strcmp(value, "-") == 0 ? b->blended_styles.count == 0 : has(&b->blended_styles, value);
    if (strcmp(name, "metre") == 0) {
        snprintf(text, sizeof(text), "%d/%d", b->metre.beats, b->metre.unit);
    } else if (strcmp(name, "key") == 0) {
        grm_key_name(b->key, text);
    } else if (strcmp(name, "mode") == 0) {
        grm_key_name(b->key, text);
        memmove(text, strchr(text, ' ') + 1, strlen(strchr(text, ' ')));
    } else if (strcmp(name, "sections") == 0) {
        for (size_t i = 0; i < b->sections.count; i++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? ">" : "", b->sections.items[i]);
    } else {
        fail_msg("no expectation \"%s\"", want);
    }
    return strcmp(text, value) == 0;
}

static bool holds(const grm_brief *b, const char *want) {
    switch (want[0]) {
        case '+':
            return has(&b->instruments, want + 1);
        case '-':
            return has(&b->excluded_instruments, want + 1);
        case '~':
            return has(&b->textures, want + 1);
        case '!':
            return has(&b->form_wishes, want + 1);
        default:
            break;
    }
    if (strcmp(want, "only") == 0) return b->only_instruments;
    if (strcmp(want, "all") == 0) return !b->only_instruments;
    if (strcmp(want, "none+") == 0) return b->instruments.count == 0;
    if (strcmp(want, "none-") == 0) return b->excluded_instruments.count == 0;
    if (strcmp(want, "none!") == 0) return b->form_wishes.count == 0 && b->sections.count == 0;
    if (strncmp(want, "from:", 5) == 0 || strncmp(want, "sure:", 5) == 0) return holds_provenance(b, want);
    return holds_named(b, want);
}

typedef struct example {
    const char *prompt, *expected;
} example;

static void check(const grm_brief *b, const char *prompt, const char *expected) {
    char want[96];
    for (const char *p = expected; *p;) {
        while (*p == ' ' || *p == ';') p++;
        size_t n = strcspn(p, ";");
        if (n == 0) break;
        snprintf(want, sizeof(want), "%.*s", (int)n, p);
        p += n;
        if (holds(b, want)) continue;
        json_t *json = grm_brief_to_json(b);
        char *text = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
        print_message("%s\n", text);
        free(text);
        json_decref(json);
        fail_msg("\"%s\": not \"%s\"", prompt, want);
    }
}

static void check_all(const example *examples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        grm_brief *b = read_brief(examples[i].prompt, NULL);
        check(b, examples[i].prompt, examples[i].expected);
        grm_brief_free(b);
    }
}

#define CHECK(examples) check_all(examples, GRM_COUNT(examples))

static void genres_are_found(void **state) {
    const example examples[] = {
        {"lofi", "style=lofi-hip-hop; genre=hip hop; from:genre=p; sure:genre>0.9"},
        {"lo-fi hip hop", "style=lofi-hip-hop; blend=-"},
        {"LO FI HIPHOP", "style=lofi-hip-hop; blend=-"},
        {"dnb", "style=drum-and-bass"},
        {"d'n'b", "style=drum-and-bass"},
        {"D&B", "style=drum-and-bass"},
        {"drum & bass", "style=drum-and-bass; none+"},
        {"liquid drum and bass", "style=drum-and-bass"},
        {"boom-bap", "style=boom-bap"},
        {"hip-hop", "style=boom-bap"},
        {"R&B", "style=rnb-soul"},
        {"r n b slow jam", "style=rnb-soul"},
        {"rhythm and blues", "style=rnb-soul"},
        {"80s synth pop", "style=synthwave; era=1980s"},
        {"film score", "style=orchestral-cinematic"},
        {"piano sonata", "style=classical-piano; +grand-piano; only"},
        {"string quartet", "style=classical-chamber; +violin; +viola; +cello; only"},
        {"bossa", "style=bossa-nova"},
        {"swing", "style=jazz-swing"},
        {"EDM", "genre=electronic; sure:genre>0.6"},
        {"deep house", "style=house; blend=-"},
        {"rock 'n' roll", "style=rock"},
        {"psytrance", "style=trance"},
        {"tech house banger", "style=house; blend=-"},
        {"smooth jazz", "style=jazz-swing"},
        {"disco", "style=funk"},
        {"chillwave", "style=synthwave"},
        {"a UK drill beat", "style=trap"},
        {"k-pop", "style=pop"},
        {"neo-soul", "style=rnb-soul"},
        {"movie soundtrack", "style=orchestral-cinematic"},
        {"make me a techno track please", "style=techno"},
    };
    CHECK(examples);
}

static void the_thing_leads_and_its_kind_colours(void **state) {
    const example examples[] = {
        {"ambient techno", "style=techno; blend=-"},
        {"orchestral trap", "style=trap; blend=orchestral-cinematic"},
        {"jazz house", "style=house; blend=jazz-swing"},
        {"lofi with jazz chords", "style=lofi-hip-hop; blend=jazz-swing"},
        {"techno, ambient", "style=techno; blend=ambient"},
        {"funk and house", "style=funk; blend=house"},
        {"rock with hints of funk", "style=rock; blend=funk"},
        {"synthwave with rock-inspired drums", "style=synthwave; blend=rock"},
        {"hip hop, lofi", "style=lofi-hip-hop; blend=boom-bap"},
        {"no EDM, give me rock", "style=rock; blend=-"},
        {"not techno but trance", "style=trance; blend=-"},
        {"lofi with a string quartet", "style=lofi-hip-hop; +violin; all"},
        {"relaxing jazz", "style=jazz-swing; blend=-"},
        {"epic rock", "style=rock; blend=-"},
        {"swing jazz quartet with saxophone", "style=jazz-swing; blend=-; +alto-sax"},
    };
    CHECK(examples);
}

static void everyday_words_are_no_genres(void **state) {
    const example examples[] = {
        {"a lofi song about the house by the sea", "style=lofi-hip-hop; blend=-"},
        {"pop song about my country", "style=pop; blend=-"},
        {"rock song from the jungle", "style=rock; blend=-"},
        {"a house track", "style=house; sure:genre>0.9"},
        {"three minutes of house", "style=house; sure:genre>0.9; s=180"},
        {"a loop of trance", "style=trance; !loop"},
        {"horse music", "sure:genre<0.2"},
        {"trace music", "sure:genre<0.2"},
    };
    CHECK(examples);
}

static void moods_are_found_turned_and_strengthened(void **state) {
    const example examples[] = {
        {"happy pop", "v>0.5; from:mood=p"},
        {"sad pop", "v<-0.3"},
        {"not sad pop", "v>0.2"},
        {"isn't sad, pop", "v>0.2"},
        {"pop, not happy", "v<0.1"},
        {"calm techno", "e<0"},
        {"aggressive ambient", "e>0.4"},
        {"pop", "from:mood=s"},
        {"dark ambient", "v<-0.1; blend=-"},
        {"not too fast trance", "style=trance; e>-0.2"},
        {"not very happy pop", "style=pop; v<0.2"},
        {"no aggressive drums, ambient", "style=ambient; -drums; e<-0.5"},
        {"never boring, always happy rock", "style=rock; v>0.3"},
    };
    CHECK(examples);
    grm_brief *plain = read_brief("sad pop", NULL), *very = read_brief("extremely sad pop", NULL),
              *slightly = read_brief("slightly sad pop", NULL);
    assert_true(very->valence < plain->valence);
    assert_true(slightly->valence > plain->valence);
    grm_brief_free(plain);
    grm_brief_free(very);
    grm_brief_free(slightly);
}

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

static void players_are_found(void **state) {
    const example examples[] = {
        {"house with saxophone and Rhodes", "+alto-sax; +electric-piano; all; from:instruments=p"},
        {"lofi, no drums", "-drums; none+; from:excluded=p"},
        {"pop without piano", "-grand-piano; -upright-piano; none+"},
        {"only strings", "only; +string-ensemble; +violin; +cello"},
        {"just piano and cello", "only; +grand-piano; +cello"},
        {"drumless jazz", "-drums; style=jazz-swing"},
        {"solo piano", "only; +grand-piano; style=classical-piano"},
        {"no vocals, pop", "voice=none; none-"},
        {"rock, no guitar, drums or bass", "-guitar; -drums; -bass; none+"},
        {"ambient w/o drums", "-drums"},
        {"piano w/ strings", "+grand-piano; none-"},
        {"no drums, piano and strings", "-drums; +grand-piano"},
        {"without drums and bass, but with strings", "-drums; -bass; from:instruments=p"},
        {"no drums and a lovely piano", "-drums; +grand-piano"},
        {"don't use any guitar, rock", "-guitar; none+"},
        {"nothing but piano", "only; +grand-piano"},
        {"strings only please", "only; +violin"},
        {"cello and piano only", "only; +cello; +grand-piano"},
        {"trap beat, just 808s and bells", "only; +808-bass; +glockenspiel; +kit-trap"},
        {"lofi beat, only piano, no drums", "only; +grand-piano; -drums"},
        {"just a chill beat with piano", "all; +grand-piano"},
        {"drum-free ambient", "-drums"},
        {"jazz with a piano solo", "!solo; +grand-piano; all"},
        {"orchestral piece with solo violin", "all; +violin"},
        {"rock with a guitar solo", "!solo; all"},
        {"acid techno with 303", "style=techno; +acid-bass"},
        {"piano house", "style=house; +bright-piano; all"},
        {"good vibes pop", "none+"},
        {"piano and vibes, jazz", "+vibraphone; +grand-piano"},
        {"minimal techno without melody", "-melody"},
        {"no brass, but violins, cinematic", "-brass; +violin"},
        {"guitar, drums and bass", "from:instruments=p; all"},
    };
    CHECK(examples);
}

static void the_rest_is_found(void **state) {
    const example examples[] = {
        {"lofi with vinyl crackle and rain", "~vinyl-crackle; ~rain; from:textures=p"},
        {"ambient, tape hiss", "~tape-hiss"},
        {"house with a big drop", "!big-drop; from:form=p"},
        {"pop with a long intro and a key change, fade out", "!long-intro; !key-change; !fade-out"},
        {"verse chorus verse, pop", "sections=verse>chorus>verse"},
        {"pop: verse-chorus-verse-chorus-bridge-chorus",
         "sections=verse>chorus>verse>chorus>bridge>chorus; from:form=p"},
        {"intro, verse, chorus, outro, rock", "sections=intro>verse>chorus>outro"},
        {"AABA jazz", "sections=verse>verse>bridge>verse"},
        {"verse and chorus, pop", "sections="},
        {"1990s house", "era=1990s"},
        {"80's synthwave", "era=1980s"},
        {"'70s funk", "era=1970s"},
        {"the 40s, swing", "era=1940s; from:s=s"},
        {"eighties pop", "era=1980s"},
        {"baroque music", "era=baroque; style=classical-chamber"},
        {"vintage soul", "era=vintage"},
        {"romantic era piano", "era=romantic"},
        {"pop with female vocals", "voice=female; from:voice=p"},
        {"instrumental hip hop", "voice=none; genre=hip hop"},
        {"instrumental pop", "voice=none"},
        {"pop with a choir", "voice=choir; +choir"},
        {"a pop song called \"Blue Hour\"", "title=Blue Hour; from:title=p"},
        {"pop titled \xE2\x80\x9CSad House\xE2\x80\x9D", "title=Sad House; style=pop; blend=-; from:mood=s"},
        {"pop, seed 42", "seed=42; from:seed=p"},
        {"pop", "from:seed=S; from:title=S; from:form=s; from:era=s; from:voice=s"},
    };
    CHECK(examples);
}

static void slips_of_one_letter_are_understood(void **state) {
    const example examples[] = {
        {"tehcno", "style=techno; sure:genre<0.7; sure:genre>0.3"},
        {"amibent", "style=ambient; sure:genre<0.7"},
        {"synthwvae", "style=synthwave"},
        {"houze", "style=house"},
        {"orchestal", "style=orchestral-cinematic"},
        {"lofi with saxaphone and viloins", "+alto-sax; +violin; sure:instruments<0.7"},
        {"a tranqil pino piece", "style=classical-piano; +grand-piano"},
        {"pop, 3 mintues", "s=180"},
        {"pop in D minro", "key=D minor; sure:key<0.7"},
        {"pop with vynil crackle", "~vinyl-crackle"},
        {"gloomey pop", "v<0"},
        {"pop, withut drums", "none+"},
    };
    CHECK(examples);
}

static void plain_english_is_never_taken_for_a_slip(void **state) {
    // One slip from: house, trance, techno, waltz, swing, piano, drums, blues, metal, disco, choir, flute, strings.
    const char *prompts[] = {"horse", "hose",  "mouse", "trace", "prance", "swine",   "drama",
                             "clues", "medal", "petal", "chair", "fluke",  "springs", "violet",
                             "grape", "tramp", "pope",  "jest",  "rook",   "soil"};
    for (size_t i = 0; i < GRM_COUNT(prompts); i++) {
        grm_brief *b = read_brief(prompts[i], NULL);
        if (b->from[GRM_BRIEF_GENRE].confidence > 0.15f || b->instruments.count)
            fail_msg("\"%s\" was taken for %s", prompts[i], b->style);
        grm_brief_free(b);
    }
}

static void what_can_not_be_is_refused_with_what_is_allowed(void **state) {
    const struct {
        const char *prompt, *names;
    } cases[] = {
        {"pop at 0 bpm", "20"},
        {"pop at 5000 bpm", "400"},
        {"tempo -5", "20"},
        {"nan bpm", "nan"},
        {"19 bpm", "20"},
        {"401 bpm", "400"},
        {"0 minutes of pop", "5 s"},
        {"-5 seconds", "5 s"},
        {"10 hours of pop", "300"},
        {"an hour of ambient", "300"},
        {"5:01 pop", "300"},
        {"1 second pop, 1 sec", "5 s"},
        {"", "empty"},
        {" \t\n", "empty"},
    };
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        grm_brief *b = (grm_brief *)1;
        grm_error err = {0};
        assert_int_equal(grm_brief_read(cases[i].prompt, NULL, catalogue, &b, &err), GRM_USAGE);
        assert_null(b);
        if (!strstr(err.message, cases[i].names)) fail_msg("\"%s\": %s", cases[i].prompt, err.message);
    }
    assert_int_equal(grm_brief_read(NULL, NULL, catalogue, &(grm_brief *){NULL}, NULL), GRM_USAGE);
}

static void options_outweigh_words(void **state) {
    grm_brief_options options = {.genre = "dnb",
                                 .tempo_bpm = 171.5,
                                 .key = "Ebm",
                                 .duration_s = 61.25,
                                 .metre = "7/8",
                                 .instruments = "rhodes, no drums, violin",
                                 .title = "Mine",
                                 .has_seed = true,
                                 .seed = UINT64_MAX};
    const char *prompt = "lofi with piano at 80 bpm in C major, 3/4, 2 minutes, called \"Yours\", seed 3";
    grm_brief *b = read_brief(prompt, &options);
    check(b, prompt,
          "style=drum-and-bass; bpm=171.5; key=Eb minor; s=61.25; metre=7/8; +electric-piano; +violin; -drums; "
          "title=Mine; seed=18446744073709551615; from:genre=o; from:bpm=o; from:key=o; from:s=o; from:metre=o; "
          "from:instruments=o; from:title=o; from:seed=o");
    assert_false(has(&b->instruments, "grand-piano"));
    grm_brief_free(b);
}

static void options_that_can_not_be_are_refused(void **state) {
    const struct {
        grm_brief_options options;
        const char *names;
    } cases[] = {
        {{.genre = "hosue"}, "house"},
        {{.genre = "polkacore"}, "polkacore"},
        {{.tempo_bpm = -5}, "20"},
        {{.tempo_bpm = 5000}, "400"},
        {{.tempo_bpm = INFINITY}, "400"},
        {{.duration_s = -5}, "5 s"},
        {{.duration_s = 36000}, "300"},
        {{.duration_s = 61, .max_duration_s = 60}, "60"},
        {{.key = "H minor"}, "F# minor"},
        {{.metre = "4/3"}, "7/8"},
        {{.metre = "waltz"}, "3/4"},
        {{.instruments = "violni"}, "violin"},
        {{.instruments = "kazoophone"}, "kazoophone"},
    };
    for (size_t i = 0; i < GRM_COUNT(cases); i++) {
        grm_brief *b = NULL;
        grm_error err = {0};
        assert_int_equal(grm_brief_read("pop", &cases[i].options, catalogue, &b, &err), GRM_USAGE);
        if (!strstr(err.message, cases[i].names)) fail_msg("case %zu: %s", i, err.message);
    }
}

static void the_longest_length_is_the_profile_s(void **state) {
    grm_brief_options options = {.max_duration_s = 60};
    grm_brief *b = read_brief("pop", &options);
    assert_true(b->duration_s <= 60);
    grm_brief_free(b);
    assert_int_equal(grm_brief_read("pop, 61 seconds", &options, catalogue, &b, NULL), GRM_USAGE);
    options.max_duration_s = 600;
    b = read_brief("pop, 9 minutes", &options);
    assert_true(b->duration_s == 540);
    grm_brief_free(b);
}

static void nonsense_makes_a_default_track_and_says_so(void **state) {
    const char *prompts[] = {"asdf qwer zxcv", "!!!", "\xF0\x9F\x98\x80", "\xFF\xFE\x80", "12", "the of and"};
    for (size_t i = 0; i < GRM_COUNT(prompts); i++) {
        grm_brief *b = read_brief(prompts[i], NULL);
        assert_string_equal(b->style, "lofi-hip-hop");
        assert_true(b->misread && b->notes.count > 0);
        assert_non_null(strstr(b->notes.items[0], "nothing in the prompt was recognised"));
        assert_non_null(strstr(b->notes.items[0], "made a default"));
        grm_brief_free(b);
    }
}

static char *dump(const grm_brief *b) {
    json_t *json = grm_brief_to_json(b);
    assert_non_null(json);
    char *text = json_dumps(json, JSON_SORT_KEYS);
    json_decref(json);
    return text;
}

static void the_same_prompt_makes_the_same_brief(void **state) {
    const char *prompts[] = {"lofi rain", "an epic trailer with a big drop", "x"};
    for (size_t i = 0; i < GRM_COUNT(prompts); i++) {
        grm_brief *a = read_brief(prompts[i], NULL), *b = read_brief(prompts[i], NULL);
        char *x = dump(a), *y = dump(b);
        assert_string_equal(x, y);
        assert_true(a->seed < UINT64_C(1) << 53);
        free(x);
        free(y);
        grm_brief_free(a);
        grm_brief_free(b);
    }
}

static void seeds_choose_what_is_not_said(void **state) {
    unsigned titles = 0, tempos = 0, keys = 0;
    char last_title[128] = "";
    double last_tempo = 0;
    int last_key = -1;
    for (uint64_t seed = 0; seed < 40; seed++) {
        grm_brief_options options = {.has_seed = true, .seed = seed};
        grm_brief *b = read_brief("house", &options);
        const grm_style *style = grm_style_find(catalogue, b->style);
        assert_string_equal(b->style, "house");
        assert_true(b->tempo_bpm >= style->tempo_low && b->tempo_bpm <= style->tempo_high);
        assert_true(b->tempo_bpm == floor(b->tempo_bpm));
        titles += strcmp(b->title, last_title) != 0;
        tempos += b->tempo_bpm != last_tempo;
        keys += b->key.tonic != last_key;
        snprintf(last_title, sizeof(last_title), "%s", b->title);
        last_tempo = b->tempo_bpm;
        last_key = b->key.tonic;
        grm_brief_free(b);
    }
    assert_true(titles > 30);
    assert_true(tempos > 5);
    assert_true(keys > 20);
}

// The same letters, whatever stands between.
static bool alike(const char *a, const char *b) {
    for (;;) {
        while (*a == ' ' || *a == '-') a++;
        while (*b == ' ' || *b == '-') b++;
        if (*a != *b) return false;
        if (!*a) return true;
        a++;
        b++;
    }
}

static void every_style_is_reached_by_its_names(void **state) {
    for (size_t i = 0; i < catalogue->style_count; i++) {
        const grm_style *s = &catalogue->styles[i];
        for (size_t k = 0; k < s->synonyms.count + 2; k++) {
            const char *name = k == 0 ? s->title : k == 1 ? s->name : s->synonyms.items[k - 2];
            grm_brief *b = read_brief(name, NULL);
            const grm_style *got = grm_style_find(catalogue, b->style);
            bool shared = false;  // a synonym may stand in two styles
            for (size_t n = 0; n < got->synonyms.count; n++) shared = shared || alike(got->synonyms.items[n], name);
            if (got != s && !shared) fail_msg("\"%s\" of %s led to %s", name, s->name, b->style);
            if (b->from[GRM_BRIEF_GENRE].source != GRM_FROM_PROMPT) fail_msg("\"%s\" was not taken for a genre", name);
            grm_brief_free(b);
            grm_brief_options options = {.genre = name};
            b = read_brief("x", &options);
            if (strcmp(b->style, s->name) != 0 && !shared) fail_msg("--genre \"%s\" led to %s", name, b->style);
            grm_brief_free(b);
        }
    }
}

static void every_instrument_is_known_by_its_names(void **state) {
    for (size_t i = 0; i < catalogue->instrument_count; i++) {
        const grm_instrument *n = &catalogue->instruments[i];
        if (strcmp(n->family, "texture") == 0 || strcmp(n->family, "fx") == 0) continue;
        for (size_t k = 0; k < n->synonyms.count + 2; k++) {
            const char *name = k == 0 ? n->title : k == 1 ? n->id : n->synonyms.items[k - 2];
            grm_brief_options options = {.instruments = name};
            grm_brief *b = read_brief("pop", &options);
            if (b->instruments.count == 0) fail_msg("\"%s\" is no instrument", name);
            grm_brief_free(b);
        }
    }
}

static void every_brief_can_be_made(void **state) {
    // Whatever was read, the fields are within their bounds.
    const char *words[] = {
        "lofi", "no",    "only", "120",          "bpm",   "in",     "a",    "minor", "3",     "/",
        "4",    "drums", ",",    "without",      "piano", "2:30",   "not",  "sad",   "verse", "chorus",
        "-",    "solo",  "80s",  "and",          "or",    "house",  "with", "slow",  "seed",  "F#",
        "'",    "\"",    "\xC3", "\xE2\x99\xAD", "half",  "minute", "key",  "of",    "9999",  "."};
    grm_rng rng = grm_rng_new(1, "prompts");
    for (int round = 0; round < 150; round++) {
        char prompt[600] = "";
        unsigned count = 1 + grm_rng_below(&rng, 40);
        for (unsigned i = 0; i < count; i++) {
            strcat(prompt, words[grm_rng_below(&rng, GRM_COUNT(words))]);
            if (grm_rng_chance(&rng, 0.7f)) strcat(prompt, " ");
        }
        grm_brief *b = NULL;
        grm_error err = {0};
        grm_status status = grm_brief_read(prompt, NULL, catalogue, &b, &err);
        if (status == GRM_USAGE) {
            assert_true(err.message[0] != 0);
            continue;
        }
        assert_int_equal(status, GRM_OK);
        assert_true(b->tempo_bpm >= 20 && b->tempo_bpm <= 400);
        assert_true(b->duration_s >= 5 && b->duration_s <= 300);
        assert_true(b->key.tonic >= 0 && b->key.tonic < 12);
        assert_true(b->valence >= -1 && b->valence <= 1 && b->energy >= -1 && b->energy <= 1);
        assert_true(b->title[0] != 0 && b->enriched_prompt[0] != 0 && b->notes.count > 0);
        assert_non_null(grm_style_find(catalogue, b->style));
        for (size_t i = 0; i < b->instruments.count; i++)
            assert_non_null(grm_instrument_find(catalogue, b->instruments.items[i]));
        for (int f = 0; f < GRM_BRIEF_FIELD_COUNT; f++)
            assert_true(b->from[f].confidence >= 0 && b->from[f].confidence <= 1);
        char *json = dump(b);
        assert_non_null(json);
        free(json);
        grm_brief_free(b);
    }
}

static void long_prompts_are_bounded(void **state) {
    static char prompt[5000];
    memset(prompt, 'a', sizeof(prompt) - 1);
    grm_error err = {0};
    grm_brief *b = NULL;
    assert_int_equal(grm_brief_read(prompt, NULL, catalogue, &b, &err), GRM_USAGE);
    assert_non_null(strstr(err.message, "4096"));
    prompt[4096] = 0;
    grm_brief_free(read_brief(prompt, NULL));
    for (int i = 0; i < 4096; i++) prompt[i] = "no, "[i % 4];
    grm_brief_free(read_brief(prompt, NULL));
    for (int i = 0; i < 4096; i++) prompt[i] = (char)(128 + i % 128);
    b = read_brief(prompt, NULL);
    char *json = dump(b);
    assert_non_null(json);
    free(json);
    grm_brief_free(b);
}

static void the_enriched_prompt_reads_like_english(void **state) {
    grm_brief *b = read_brief("uplifting trance with a big drop, fade out, rain, no piano", NULL);
    assert_non_null(strstr(b->enriched_prompt, ": an uplifting trance track at "));
    assert_non_null(strstr(b->enriched_prompt, "with a big drop and a fade at the end"));
    assert_non_null(strstr(b->enriched_prompt, ", over rain"));
    assert_non_null(strstr(b->enriched_prompt, ", without "));
    grm_brief_free(b);
}

static void json_has_the_agreed_names(void **state) {
    static const char *const names[] = {"prompt",      "enriched_prompt",
                                        "title",       "genre",
                                        "style",       "mood",
                                        "tempo_bpm",   "key",
                                        "metre",       "duration_s",
                                        "instruments", "excluded_instruments",
                                        "textures",    "form",
                                        "era",         "voice",
                                        "seed",        "notes",
                                        "from"};
    grm_brief *b = read_brief("house at 124 bpm in F# minor, 2:30", NULL);
    json_t *json = grm_brief_to_json(b);
    for (size_t i = 0; i < GRM_COUNT(names); i++)
        if (!json_object_get(json, names[i])) fail_msg("no \"%s\"", names[i]);
    assert_string_equal(json_string_value(json_object_get(json, "key")), "F# minor");
    assert_string_equal(json_string_value(json_object_get(json, "metre")), "4/4");
    assert_true(json_number_value(json_object_get(json, "tempo_bpm")) == 124);
    assert_true(json_number_value(json_object_get(json, "duration_s")) == 150);
    assert_true(json_is_integer(json_object_get(json, "seed")));
    json_t *from = json_object_get(json, "from");
    for (size_t i = 0; i < GRM_COUNT(names) - 1; i++) {
        if (strstr("prompt enriched_prompt notes", names[i])) continue;
        json_t *field = json_object_get(from, names[i]);
        if (!field) fail_msg("from has no \"%s\"", names[i]);
        assert_true(json_is_string(json_object_get(field, "source")));
        assert_true(json_is_number(json_object_get(field, "confidence")));
    }
    json_decref(json);
    grm_brief_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genres_are_found),
        cmocka_unit_test(the_thing_leads_and_its_kind_colours),
        cmocka_unit_test(everyday_words_are_no_genres),
        cmocka_unit_test(moods_are_found_turned_and_strengthened),
        cmocka_unit_test(tempo_is_found),
        cmocka_unit_test(other_numbers_are_no_tempo),
        cmocka_unit_test(keys_are_found),
        cmocka_unit_test(what_sounds_like_a_key_is_none),
        cmocka_unit_test(metres_are_found),
        cmocka_unit_test(an_asked_tempo_comes_in_plain_bars),
        cmocka_unit_test(lengths_are_found),
        cmocka_unit_test(players_are_found),
        cmocka_unit_test(the_rest_is_found),
        cmocka_unit_test(slips_of_one_letter_are_understood),
        cmocka_unit_test(plain_english_is_never_taken_for_a_slip),
        cmocka_unit_test(what_can_not_be_is_refused_with_what_is_allowed),
        cmocka_unit_test(options_outweigh_words),
        cmocka_unit_test(options_that_can_not_be_are_refused),
        cmocka_unit_test(the_longest_length_is_the_profile_s),
        cmocka_unit_test(nonsense_makes_a_default_track_and_says_so),
        cmocka_unit_test(the_same_prompt_makes_the_same_brief),
        cmocka_unit_test(seeds_choose_what_is_not_said),
        cmocka_unit_test(every_style_is_reached_by_its_names),
        cmocka_unit_test(every_instrument_is_known_by_its_names),
        cmocka_unit_test(every_brief_can_be_made),
        cmocka_unit_test(long_prompts_are_bounded),
        cmocka_unit_test(the_enriched_prompt_reads_like_english),
        cmocka_unit_test(json_has_the_agreed_names),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
