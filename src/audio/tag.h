// What libsndfile calls the texts of files. Of this room alone.
#ifndef GRM_AUDIO_TAG_H
#define GRM_AUDIO_TAG_H

#include "audio/audio.h"

int grm_tag_number(grm_tag tag);

#endif
