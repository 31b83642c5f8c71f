// Everything of the library.
#ifndef GRAMMY_H
#define GRAMMY_H

#include <grammy/audio.h>
#include <grammy/brief.h>
#include <grammy/extend.h>
#include <grammy/generate.h>
#include <grammy/master.h>
#include <grammy/meter.h>
#include <grammy/mix.h>
#include <grammy/models.h>
#include <grammy/profile.h>
#include <grammy/progress.h>
#include <grammy/score.h>
#include <grammy/song.h>
#include <grammy/status.h>

#ifdef __cplusplus
extern "C" {
#endif

GRM_API const char *grm_version(void);  // "0.1.0"

#ifdef __cplusplus
}
#endif
#endif
