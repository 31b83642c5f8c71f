#include "audio/tag.h"

#include <sndfile.h>

static const struct {
    const char *name;
    int number;
} tags[GRM_TAG_COUNT] = {
    [GRM_TAG_TITLE] = {"title", SF_STR_TITLE},       [GRM_TAG_ARTIST] = {"artist", SF_STR_ARTIST},
    [GRM_TAG_ALBUM] = {"album", SF_STR_ALBUM},       [GRM_TAG_GENRE] = {"genre", SF_STR_GENRE},
    [GRM_TAG_DATE] = {"date", SF_STR_DATE},          [GRM_TAG_TRACK] = {"track", SF_STR_TRACKNUMBER},
    [GRM_TAG_COMMENT] = {"comment", SF_STR_COMMENT}, [GRM_TAG_COPYRIGHT] = {"copyright", SF_STR_COPYRIGHT},
    [GRM_TAG_LICENSE] = {"license", SF_STR_LICENSE},
};

const char *grm_tag_name(grm_tag tag) {
    return tags[tag].name;
}

int grm_tag_number(grm_tag tag) {
    return tags[tag].number;
}
