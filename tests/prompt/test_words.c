// Genres, moods, players and pictures that people name, spelt well or not, and what a brief must then say.
#include "prompt/expect.h"

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
        {"string quartet", "style=classical-chamber; players=violin,violin,viola,cello; only"},
        {"piano quintet", "style=classical-chamber; players=grand-piano,violin,violin,viola,cello; only"},
        {"solo cello", "style=classical-chamber; players=cello; only"},
        {"cello duo in A minor", "players=cello,cello; only"},
        {"folk, acoustic guitar trio", "style=folk; players=steel-guitar,steel-guitar,steel-guitar; only"},
        {"power trio", "style=rock; players=overdriven-guitar,picked-bass,power-kit; only"},
        {"piano trio", "players=grand-piano,violin,cello; only"},
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

static void what_there_is_none_of_gets_what_comes_nearest(void **state) {
    const example examples[] = {
        {"medieval tavern music, lute and recorder", "+nylon-guitar; +recorder; all"},
        {"ambient with a handpan", "+kalimba"},
        {"folk without lute", "none+; none-"},
        {"gospel choir with organ", "+choir; +drawbar-organ"},
        {"metal, drop D", "style=rock; +distortion-guitar; none!"},
        {"a cappella choir in Latin style", "players=choir; only"},
        {"irish jig", "metre=6/8; bpm>107; bpm<129"},
        {"funeral march", "metre=4/4; bpm<69; v<-0.3"},
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(genres_are_found),
        cmocka_unit_test(what_there_is_none_of_gets_what_comes_nearest),
        cmocka_unit_test(the_thing_leads_and_its_kind_colours),
        cmocka_unit_test(everyday_words_are_no_genres),
        cmocka_unit_test(moods_are_found_turned_and_strengthened),
        cmocka_unit_test(players_are_found),
        cmocka_unit_test(the_rest_is_found),
        cmocka_unit_test(slips_of_one_letter_are_understood),
        cmocka_unit_test(plain_english_is_never_taken_for_a_slip),
        cmocka_unit_test(every_style_is_reached_by_its_names),
        cmocka_unit_test(every_instrument_is_known_by_its_names),
    };
    return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
