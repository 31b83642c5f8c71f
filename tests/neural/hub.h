// A hub on the loopback interface that misbehaves as it is told to.
#ifndef TESTS_NEURAL_HUB_H
#define TESTS_NEURAL_HUB_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct hub_file {
    const char *path;  // of the request, "/owner/name/resolve/..."
    const void *bytes;
    size_t size;
} hub_file;

typedef struct hub {
    hub_file files[16];
    size_t count;
    size_t break_after;  // bytes of a body after which the connection ends, once for each request
    long claim;          // added to Content-Length
    bool ignore_ranges;  // answer 200 with all of it
    long shift_ranges;   // send another part than was asked for, and say so
    int fail_with;       // an HTTP status for every file
    bool redirect;       // files stand under /moved, too
    atomic_int requests, ranged;
    int listener;
    char address[64];
    pthread_t thread;
} hub;

static inline void hub_send(int to, const void *bytes, size_t size) {
    for (const char *at = bytes; size > 0;) {
        ssize_t put = send(to, at, size, MSG_NOSIGNAL);
        if (put <= 0) return;
        at += put;
        size -= (size_t)put;
    }
}

static inline void hub_say(int to, int code, size_t length, const char *more) {
    char head[512];
    int size = snprintf(head, sizeof head, "HTTP/1.1 %d x\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n", code,
                        length, more);
    hub_send(to, head, (size_t)size);
}

static inline void hub_answer(hub *h, int to, const char *request) {
    char path[512] = "", more[256] = "";
    unsigned long long from = 0;
    const char *range = strstr(request, "Range: bytes=");
    sscanf(request, "GET %511s", path);
    if (range) sscanf(range, "Range: bytes=%llu-", &from);
    atomic_fetch_add(&h->requests, 1);
    bool file = strstr(path, "/resolve/") != NULL;
    if (file && h->fail_with) {
        hub_say(to, h->fail_with, 4, "");
        hub_send(to, "oops", 4);
        return;
    }
    if (file && h->redirect && strncmp(path, "/moved", 6) != 0) {
        snprintf(more, sizeof more, "Location: /moved%s\r\n", path);
        hub_say(to, 302, 0, more);
        return;
    }
    const char *wanted = strncmp(path, "/moved", 6) == 0 ? path + 6 : path;
    for (size_t i = 0; i < h->count; i++) {
        const hub_file *f = &h->files[i];
        if (strcmp(f->path, wanted) != 0) continue;
        int code = 200;
        if (range && !h->ignore_ranges) {
            atomic_fetch_add(&h->ranged, 1);
            from = (unsigned long long)((long long)from + h->shift_ranges);
            code = 206;
            snprintf(more, sizeof more, "Content-Range: bytes %llu-%zu/%zu\r\n", from, f->size - 1, f->size);
        } else {
            from = 0;
        }
        size_t left = f->size - (size_t)from, sent = left;
        if (file && h->break_after && sent > h->break_after) sent = h->break_after;
        hub_say(to, code, (size_t)((long)left + (file ? h->claim : 0)), more);
        hub_send(to, (const char *)f->bytes + from, sent);
        return;
    }
    hub_say(to, 404, 0, "");
}

static inline void *hub_serve(void *context) {
    hub *h = context;
    for (;;) {
        int to = accept(h->listener, NULL, NULL);
        if (to < 0) return NULL;
        char request[4096];
        size_t size = 0;
        while (size + 1 < sizeof request) {
            ssize_t got = recv(to, request + size, sizeof request - 1 - size, 0);
            if (got <= 0) break;
            size += (size_t)got;
            request[size] = '\0';
            if (strstr(request, "\r\n\r\n")) break;
        }
        request[size] = '\0';
        if (size) hub_answer(h, to, request);
        shutdown(to, SHUT_WR);
        close(to);
    }
}

static inline void hub_open(hub *h) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof place;
    h->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(h->listener >= 0);
    assert_int_equal(bind(h->listener, (struct sockaddr *)&place, sizeof place), 0);
    assert_int_equal(listen(h->listener, 8), 0);
    assert_int_equal(getsockname(h->listener, (struct sockaddr *)&place, &size), 0);
    snprintf(h->address, sizeof h->address, "http://127.0.0.1:%d", ntohs(place.sin_port));
    assert_int_equal(pthread_create(&h->thread, NULL, hub_serve, h), 0);
}

static inline void hub_close(hub *h) {
    shutdown(h->listener, SHUT_RDWR);
    close(h->listener);
    pthread_join(h->thread, NULL);
}

#endif
