#include "neural/download.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 4, ALL_TRIES = 100, STALLED_S = 30, CONNECT_S = 20, MOST_REDIRECTIONS = 8 };

#if defined(__APPLE__)
static const char library_name[] = "libcurl.4.dylib";
#else
static const char library_name[] = "libcurl.so.4";
#endif

// curl's functions of these names
struct grm_http {
    void *library;
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *curl);
    void (*easy_reset)(CURL *curl);
    CURLcode (*easy_setopt)(CURL *curl, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *curl);
    CURLcode (*easy_getinfo)(CURL *curl, CURLINFO info, ...);
    const char *(*easy_strerror)(CURLcode code);
};

// One request, and what came of it.
typedef struct transfer {
    const grm_http *http;
    const grm_download *wanted;  // NULL: to memory
    grm_progress *progress;
    CURL *curl;
    int file;
    uint64_t offset;  // where the first byte of this answer belongs
    uint64_t at;      // bytes that are there now
    bool begun;       // the answer's first byte has been looked at
    uint64_t range_start, range_total;
    bool has_range;
    char *text;
    size_t limit;
    char complaint[200];  // why it was broken off by us
} transfer;

// POSIX has dlsym return functions as pointers to data, which C can only copy.
static bool find(void *library, const char *name, void *function, size_t size) {
    void *found = dlsym(library, name);
    memcpy(function, &found, size);
    return found;
}

grm_status grm_http_open(grm_http **out, grm_error *err) {
    grm_http *h = calloc(1, sizeof *h);
    *out = NULL;
    if (!h) return grm_fail_memory(err);
    h->library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    grm_status status = GRM_OK;
#define FIND(name) find(h->library, "curl_" #name, &h->name, sizeof h->name)
    if (!h->library)
        status = grm_fail(err, GRM_MISSING, "models are fetched with libcurl, which is not installed: %s", dlerror());
    else if (!FIND(global_init) || !FIND(easy_init) || !FIND(easy_cleanup) || !FIND(easy_reset) || !FIND(easy_setopt) ||
             !FIND(easy_perform) || !FIND(easy_getinfo) || !FIND(easy_strerror) ||
             h->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        status = grm_fail(err, GRM_FAILED, "libcurl does not start");
#undef FIND
    if (status == GRM_OK)
        *out = h;
    else
        grm_http_close(h);
    return status;
}

// The library stays loaded: what it brought along may have threads and handlers of its own.
void grm_http_close(grm_http *http) {
    free(http);
}

// ---- what arrives ----

// "Content-Range: bytes 100-199/200"
static size_t read_header(char *line, size_t width, size_t count, void *context) {
    transfer *t = context;
    static const char name[] = "content-range:";
    size_t size = width * count;
    char copy[128];
    if (size >= 5 && strncasecmp(line, "HTTP/", 5) == 0) t->has_range = false;  // a further answer, after a redirection
    if (size < sizeof name || size >= sizeof copy || strncasecmp(line, name, sizeof name - 1) != 0) return size;
    memcpy(copy, line + sizeof name - 1, size - (sizeof name - 1));
    copy[size - (sizeof name - 1)] = '\0';
    unsigned long long start, end, total;
    if (sscanf(copy, " bytes %llu-%llu/%llu", &start, &end, &total) == 3) {
        t->has_range = true;
        t->range_start = start;
        t->range_total = total;
    }
    return size;
}

// A server that knows no ranges sends the whole file again: then it starts anew.
static bool begin(transfer *t) {
    long code = 0;
    t->http->easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    t->begun = true;
    if (code == 200) {
        t->at = t->offset = 0;
        return ftruncate(t->file, 0) == 0 && lseek(t->file, 0, SEEK_SET) == 0;
    }
    if (code != 206) return true;  // an error's page: not kept
    if (t->has_range && t->range_start == t->offset && t->range_total == t->wanted->size) return true;
    snprintf(t->complaint, sizeof t->complaint, "it was asked for what follows byte %llu and sends something else",
             (unsigned long long)t->offset);
    return false;
}

static size_t write_file(char *bytes, size_t width, size_t count, void *context) {
    transfer *t = context;
    size_t size = width * count;
    if (!t->begun && !begin(t)) return 0;
    long code = 0;
    t->http->easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code != 200 && code != 206) return size;
    if (t->at + size > t->wanted->size) {
        snprintf(t->complaint, sizeof t->complaint, "it sends more than the %llu bytes that the file has",
                 (unsigned long long)t->wanted->size);
        return 0;
    }
    for (size_t done = 0; done < size;) {
        ssize_t put = write(t->file, bytes + done, size - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            snprintf(t->complaint, sizeof t->complaint, "'%.120s.part' cannot be written: %s", t->wanted->path,
                     strerror(errno));
            return 0;
        }
        done += (size_t)put;
    }
    t->at += size;
    return size;
}

static size_t write_text(char *bytes, size_t width, size_t count, void *context) {
    transfer *t = context;
    size_t size = width * count;
    if (t->at + size > t->limit) {
        snprintf(t->complaint, sizeof t->complaint, "it sends more than %zu bytes", t->limit);
        return 0;
    }
    char *larger = realloc(t->text, (size_t)t->at + size + 1);
    if (!larger) return 0;
    t->text = larger;
    memcpy(t->text + t->at, bytes, size);
    t->at += size;
    t->text[t->at] = '\0';
    return size;
}

static int watch(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up) {
    transfer *t = context;
    if (t->wanted && t->wanted->size > 0)
        grm_progress_step(t->progress, t->wanted->stage, (double)t->at / (double)t->wanted->size);
    return grm_progress_cancelled(t->progress);
}

// ---- one try ----

static CURLcode ask(transfer *t, const char *url) {
    bool secure = strncmp(url, "https:", 6) == 0;
    char range[32];
    CURL *c = t->curl;
    const grm_http *h = t->http;
    h->easy_reset(c);
    h->easy_setopt(c, CURLOPT_URL, url);
    h->easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    h->easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    h->easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    h->easy_setopt(c, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTIONS);
    h->easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    h->easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    h->easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    h->easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALLED_S);
    h->easy_setopt(c, CURLOPT_USERAGENT, "grammy/" GRM_VERSION);
    h->easy_setopt(c, CURLOPT_HEADERFUNCTION, read_header);
    h->easy_setopt(c, CURLOPT_HEADERDATA, t);
    h->easy_setopt(c, CURLOPT_WRITEFUNCTION, t->wanted ? write_file : write_text);
    h->easy_setopt(c, CURLOPT_WRITEDATA, t);
    h->easy_setopt(c, CURLOPT_XFERINFOFUNCTION, watch);
    h->easy_setopt(c, CURLOPT_XFERINFODATA, t);
    h->easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    t->begun = t->has_range = false;
    t->complaint[0] = '\0';
    t->offset = t->at;
    if (t->wanted && t->at > 0) {
        snprintf(range, sizeof range, "%llu-", (unsigned long long)t->at);
        h->easy_setopt(c, CURLOPT_RANGE, range);
    }
    return h->easy_perform(c);
}

static grm_status explain(const transfer *t, const char *url, CURLcode result, long code, grm_error *err) {
    if (t->complaint[0]) return grm_fail(err, GRM_FAILED, "%s: %s", url, t->complaint);
    if (code == 401 || code == 403) return grm_fail(err, GRM_FAILED, "%s: access is refused (HTTP %ld)", url, code);
    if (code == 404 || code == 410)
        return grm_fail(err, GRM_MISSING, "%s: there is no such thing (HTTP %ld)", url, code);
    if (result == CURLE_OK) return grm_fail(err, GRM_FAILED, "%s: the server answers HTTP %ld", url, code);
    return grm_fail(err, GRM_FAILED, "%s: %s; try again, what has come is kept", url, t->http->easy_strerror(result));
}

static bool worth_another_try(CURLcode result, long code) {
    switch (result) {
        case CURLE_OK:
            return code >= 500 || code == 429 || code == 408;
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_COULDNT_CONNECT:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return true;
        default:
            return false;
    }
}

// Waits, unless the user asks to stop.
static void rest(double seconds, const grm_progress *progress) {
    while (seconds > 0 && !grm_progress_cancelled(progress)) {
        double part = seconds < 0.1 ? seconds : 0.1;
        struct timespec pause = {0, (long)(part * 1e9)};
        nanosleep(&pause, NULL);
        seconds -= part;
    }
}

// Until the answer is whole. A try that brought new bytes does not count against the few that may fail in a row.
static grm_status fetch(transfer *t, const char *url, double pause_s, grm_error *err) {
    int failed = 0;
    for (int tries = 0;; tries++) {
        uint64_t before = t->at;
        CURLcode result = ask(t, url);
        long code = 0;
        t->http->easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
        if (grm_progress_cancelled(t->progress)) return grm_fail(err, GRM_CANCELLED, "cancelled");
        bool fine = result == CURLE_OK && (code == 200 || code == 206);
        if (fine && (!t->wanted || t->at == t->wanted->size)) return GRM_OK;
        if (t->wanted && t->at == t->wanted->size && !t->complaint[0]) return GRM_OK;  // all came, then it broke
        if (code == 416 && t->wanted && t->at > 0) {                                   // what is there fits nothing
            t->at = 0;
            if (ftruncate(t->file, 0) != 0 || lseek(t->file, 0, SEEK_SET) != 0 || tries > 0)
                return explain(t, url, result, code, err);
            continue;
        }
        if (fine) {
            if (tries + 1 < ALL_TRIES && t->at > before) continue;
            return grm_fail(err, GRM_FAILED, "%s: it ends after %llu of %llu bytes", url, (unsigned long long)t->at,
                            (unsigned long long)t->wanted->size);
        }
        failed = t->wanted && t->at > before ? 0 : failed + 1;
        if (t->complaint[0] || !worth_another_try(result, code) || failed >= TRIES || tries + 1 >= ALL_TRIES)
            return explain(t, url, result, code, err);
        if (!t->wanted) t->at = 0;
        rest(pause_s * (double)(1 << failed), t->progress);
    }
}

// ---- whether it is the right one ----

static bool matches(const grm_download *d, const uint8_t *bytes, char *found) {
    if (d->sha256) {
        grm_sha256_hex(bytes, (size_t)d->size, found);
        return strcasecmp(found, d->sha256) == 0;
    }
    if (d->git_id) {
        grm_git_blob_hex(bytes, (size_t)d->size, found);
        return strcasecmp(found, d->git_id) == 0;
    }
    found[0] = '\0';
    return true;
}

// *right: whether the file has the size and the checksum.
static grm_status check(const grm_download *d, const char *path, bool *right, char found[65], grm_error *err) {
    struct stat info;
    *right = false;
    found[0] = '\0';
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || (uint64_t)info.st_size != d->size) return GRM_OK;
    if (d->size == 0) {
        *right = matches(d, (const uint8_t *)"", found);
        return GRM_OK;
    }
    int file = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes = file < 0 ? MAP_FAILED : mmap(NULL, (size_t)d->size, PROT_READ, MAP_PRIVATE, file, 0);
    int problem = errno;
    if (file >= 0) close(file);
    if (bytes == MAP_FAILED) return grm_fail(err, GRM_FAILED, "cannot read '%s': %s", path, strerror(problem));
    *right = matches(d, bytes, found);
    munmap(bytes, (size_t)d->size);
    return GRM_OK;
}

static grm_status receive(const grm_http *http, const grm_download *d, const char *part, grm_error *err) {
    transfer t = {.http = http, .wanted = d, .progress = d->progress};
    struct stat info;
    t.file = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (t.file < 0) return grm_fail(err, GRM_FAILED, "cannot write '%s': %s", part, strerror(errno));
    grm_status status = GRM_OK;
    if (fstat(t.file, &info) == 0) t.at = (uint64_t)info.st_size;
    if (t.at > d->size && ftruncate(t.file, 0) == 0) t.at = 0;
    if (lseek(t.file, (off_t)t.at, SEEK_SET) < 0)
        status = grm_fail(err, GRM_FAILED, "cannot write '%s': %s", part, strerror(errno));
    t.curl = http->easy_init();
    if (!status && !t.curl) status = grm_fail_memory(err);
    if (!status && t.at < d->size) status = fetch(&t, d->url, d->pause_s, err);
    http->easy_cleanup(t.curl);
    if (close(t.file) != 0 && !status)
        status = grm_fail(err, GRM_FAILED, "cannot write '%s': %s", part, strerror(errno));
    return status;
}

grm_status grm_download_file(const grm_http *http, const grm_download *d, grm_error *err) {
    char found[65];
    bool right;
    grm_status status = check(d, d->path, &right, found, err);
    if (status || right) return status;
    size_t length = strlen(d->path) + 6;
    char *part = malloc(length);
    if (!part) return grm_fail_memory(err);
    snprintf(part, length, "%s.part", d->path);
    status = receive(http, d, part, err);
    if (!status) status = check(d, part, &right, found, err);
    if (!status && !right) {
        unlink(part);
        status = grm_fail(
            err, GRM_FAILED,
            "%s: what came is not the file that the hub lists (checksum %.12s..., listed %.12s...); nothing of it "
            "was kept, pull again",
            d->url, found,
            d->sha256   ? d->sha256
            : d->git_id ? d->git_id
                        : "");
    }
    if (!status && rename(part, d->path) != 0)
        status = grm_fail(err, GRM_FAILED, "cannot write '%s': %s", d->path, strerror(errno));
    if (!status) grm_progress_step(d->progress, d->stage, 1);
    free(part);
    return status;
}

grm_status grm_download_text(const grm_http *http, const char *url, size_t limit, double pause_s,
                             grm_progress *progress, char **text, grm_error *err) {
    transfer t = {.http = http, .progress = progress, .limit = limit, .curl = http->easy_init()};
    *text = NULL;
    if (!t.curl) return grm_fail_memory(err);
    grm_status status = fetch(&t, url, pause_s, err);
    http->easy_cleanup(t.curl);
    if (!status && !t.text) status = grm_fail(err, GRM_FAILED, "%s: the answer is empty", url);
    if (status)
        free(t.text);
    else
        *text = t.text;
    return status;
}
