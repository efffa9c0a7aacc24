/* libyard: the channels of Yardmaster, for C and for every language that can call C.
 *
 * Queues, semaphores, locks, events and shared memory that processes find by name. They live in shared memory which the
 * daemon makes and hands out: a call does not go through the daemon, and works on while its engine is down. When a
 * process dies at whatever instruction, what it held is given back, and the message it worked on comes to another one.
 *
 * Results: 0, a number or a size on success; -errno on failure:
 *   -ETIMEDOUT  the time ran out             -EAGAIN  it would have to wait, and the timeout was 0
 *   -EPIPE      closed, or removed           -ENOENT  no object has this name
 *   -EACCES     not yours                    -EPROTO  it is of another kind, or another version made it
 *   -EUCLEAN    a user has spoilt the memory -ECONNREFUSED, -ECONNRESET  no daemon answers
 * yard_last_error() has the sentence for a person.
 *
 * Times are in nanoseconds: < 0 waits for ever, 0 tries. A signal that is handled does not end a wait.
 *
 * Threads: all functions may be called at any time by any thread, but for closing: no other thread may be inside a call
 * with that handle, nor use it afterwards.
 * fork(2): handles work in the child too. It is another user there: what the parent holds stays the parent's. A child
 * needs the daemon for a moment at its first use of each handle.
 * Descriptors: a program that closes all of them (daemonizing) loses what yard_<kind>_fd gave, and nothing else.
 */
#ifndef YARD_H
#define YARD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yard_client yard_client;
typedef struct yard_queue yard_queue;
typedef struct yard_semaphore yard_semaphore;
typedef struct yard_lock yard_lock;
typedef struct yard_event yard_event;
typedef struct yard_shm yard_shm;

/* ---- The daemon ------------------------------------------------------------------------------------------------ */

/* Connects to the daemon on this socket; NULL: $YARD_SOCKET, else the usual places. NULL on failure: see errno. */
yard_client* yard_connect(const char* socket_path);
/* Handles that are open stay usable, and keep what they need of it. NULL is allowed. */
void yard_disconnect(yard_client*);

/* Why the last call of this thread failed, in a sentence; "" when the errno says all. Valid until the next call. */
const char* yard_last_error(void);

/* ---- Making and removing objects ------------------------------------------------------------------------------- */

/* For yard_*_create. The sum of these, or 0. */
enum {
    YARD_EXIST_OK = 1,  /* an object of this kind and name that is there already will do */
    YARD_EPHEMERAL = 2, /* it goes with its last user; otherwise it stays until it is removed */
};

/* yard_*_create: 1: made; 0: it was there (YARD_EXIST_OK); -EEXIST, -EACCES, -EINVAL, -EDQUOT (of the limits for your
 * uid) ... `mode` has the permission bits for owner, group and others (r: look at shared memory, w: use); 0 means 0600.
 * Names are words of letters, digits, '.', '_' and '-', with '/' between them: "app/jobs". In the structures of
 * options 0 means the default; `options` may be NULL where all have one. */

/* What a put does that finds the queue full. */
enum { YARD_FULL_BLOCK = 0, YARD_FULL_FAIL, YARD_FULL_DROP_OLDEST, YARD_FULL_DROP_NEWEST };

typedef struct yard_queue_options {
    uint32_t capacity;       /* messages; default 1024 */
    uint32_t max_deliveries; /* then a message is dead; default: no limit */
    uint64_t max_message;    /* bytes; default 64 KiB */
    uint64_t max_bytes;      /* of all messages together; default: no limit */
    int64_t ttl_ns;          /* of messages that name none (full ms); default: for ever */
    int full;                /* YARD_FULL_... */
    int priorities;          /* not 0: messages have priorities 0 to 7, the highest goes first */
    const char* dead_letter; /* the queue for dead messages; NULL: they are dropped */
} yard_queue_options;
int yard_queue_create(yard_client*, const char* name, const yard_queue_options* options, unsigned flags,
                      unsigned mode);

/* How a permit is taken: as a resource it is back when its holder dies, as a token it belongs to nobody. */
enum { YARD_PERMIT_DEFAULT = 0, YARD_PERMIT_RESOURCE, YARD_PERMIT_TOKEN };

/* `value` permits at first, at most `max` (0: no bound). `use`: what YARD_PERMIT_DEFAULT is to mean of it. */
int yard_semaphore_create(yard_client*, const char* name, uint32_t value, uint32_t max, int use,
                          unsigned flags, unsigned mode);
/* `fifo` not 0: it goes to those who want it in the order in which they came. */
int yard_lock_create(yard_client*, const char* name, int fifo, unsigned flags, unsigned mode);
int yard_event_create(yard_client*, const char* name, int set, unsigned flags, unsigned mode);
int yard_shm_create(yard_client*, const char* name, size_t size, unsigned flags, unsigned mode);
int yard_pipe_create(yard_client*, const char* name, unsigned flags, unsigned mode);

/* The name is free at once. Who waits on the object gets -EPIPE; memory that is in use stays until it is closed. */
int yard_object_remove(yard_client*, const char* name);

/* ---- Queue ----------------------------------------------------------------------------------------------------- */

int yard_queue_open(yard_client*, const char* name, yard_queue**);
/* Leases and loans of this process stay: end them first. NULL is allowed, as for the other kinds. */
void yard_queue_close(yard_queue*);
/* A descriptor to wait on with poll, epoll, libuv, asyncio ...: when it is readable, get with timeout 0 until -EAGAIN;
 * that makes it fit for waiting again. Never read from it. It belongs to the handle. Likewise of the other kinds. */
int yard_queue_fd(yard_queue*);

/* A message of `size` bytes (0 is allowed). -EMSGSIZE: more than max_message. When it returned 0, the message is there,
 * whatever happens to this process. */
int yard_queue_put(yard_queue*, const void* data, size_t size, int64_t timeout_ns);

typedef struct yard_put_options {
    uint32_t priority; /* 0 to 7, in a queue with priorities */
    uint32_t reserved; /* 0 */
    int64_t delay_ns;  /* nobody gets it before */
    int64_t ttl_ns;    /* nobody gets it after (once the delay is over); 0: as the queue says */
} yard_put_options;
/* `options` NULL: as yard_queue_put. */
int yard_queue_put_opts(yard_queue*, const void* data, size_t size, const yard_put_options* options,
                        int64_t timeout_ns);
/* As many of `count` messages as there is room for, at least one, for which it waits: how many. */
ssize_t yard_queue_put_many(yard_queue*, const struct iovec* messages, size_t count, int64_t timeout_ns);

/* A message in the queue's own memory: to be filled and committed, or leased. The memory is the caller's until then. */
typedef struct yard_message {
    uint64_t id; /* a lease, for yard_queue_ack and yard_queue_nack */
    void* data;
    size_t size;
    uint32_t priority;
    uint32_t deliveries; /* of a lease: how often it was delivered, this time included */
} yard_message;

/* Room for up to `size` bytes; then commit (with what it came to) or cancel it. If this process dies before, it was
 * never there. */
int yard_queue_loan(yard_queue*, size_t size, const yard_put_options* options, int64_t timeout_ns,
                    yard_message*);
int yard_queue_commit(yard_queue*, const yard_message*, size_t size, const yard_put_options* options);
int yard_queue_cancel(yard_queue*, const yard_message*);

/* Takes the first message: its size. With `lease` NULL for good; else it comes back, to any consumer, unless it is
 * acknowledged: when this process dies, or at nack. -EMSGSIZE: it is larger than `cap`, and stays (yard_queue_peek tells
 * its size). -EPIPE: the queue is shut and empty. */
ssize_t yard_queue_get(yard_queue*, void* buf, size_t cap, int64_t timeout_ns, uint64_t* lease);
/* Takes up to `max` messages for good, at least one, for which it waits: how many. They lie in `buf` one behind the
 * other; `sizes` has their sizes. */
ssize_t yard_queue_get_many(yard_queue*, void* buf, size_t cap, size_t* sizes, size_t max,
                            int64_t timeout_ns);
/* Leases the first message where it lies, without a copy. After `limit_ns` (0: never) it comes back by itself. */
int yard_queue_lease(yard_queue*, int64_t timeout_ns, int64_t limit_ns, yard_message*);
/* The work is done. -ESTALE: it is no lease of this process, or no longer. */
int yard_queue_ack(yard_queue*, uint64_t lease);
/* The work failed: it is delivered again after `delay_ns`, or is dead, if that was its last delivery. */
int yard_queue_nack(yard_queue*, uint64_t lease, int64_t delay_ns);

/* Copies the beginning of the first message, up to `cap` bytes, and leaves it there: its whole size; -EAGAIN: none. */
ssize_t yard_queue_peek(yard_queue*, void* buf, size_t cap);
ssize_t yard_queue_size(yard_queue*);     /* messages that can be taken now */
ssize_t yard_queue_capacity(yard_queue*); /* messages that there can be, leased and delayed ones included */
/* No more puts (-EPIPE), by anybody. What is there can be taken. */
int yard_queue_shut(yard_queue*);
/* Shuts it, then waits until every message was taken and acknowledged, and every loan has ended. */
int yard_queue_drain(yard_queue*, int64_t timeout_ns);
/* Drops what can be taken now or later: how many those were. */
ssize_t yard_queue_purge(yard_queue*);

/* ---- Semaphore ------------------------------------------------------------------------------------------------- */

int yard_semaphore_open(yard_client*, const char* name, yard_semaphore**);
void yard_semaphore_close(yard_semaphore*);
int yard_semaphore_fd(yard_semaphore*);
int yard_semaphore_acquire(yard_semaphore*, int64_t timeout_ns);
int yard_semaphore_acquire_as(yard_semaphore*, int use, int64_t timeout_ns); /* YARD_PERMIT_... */
/* Gives back a permit that this process holds as a resource; if it holds none, a token. -EOVERFLOW: above the bound. */
int yard_semaphore_release(yard_semaphore*);
int yard_semaphore_value(yard_semaphore*); /* permits that can be taken now */

/* ---- Lock ------------------------------------------------------------------------------------------------------ */

int yard_lock_open(yard_client*, const char* name, yard_lock**);
void yard_lock_close(yard_lock*);
int yard_lock_fd(yard_lock*);
/* 0; or EOWNERDEAD (positive): acquired, and the last owner died while it held it, so that what the lock protects may
 * be half done. The owner is this process: not recursive, and any thread may release. */
int yard_lock_acquire(yard_lock*, int64_t timeout_ns);
int yard_lock_release(yard_lock*); /* -EPERM: this process does not hold it */

typedef struct yard_death {
    pid_t pid;
    int wait_status; /* as of wait(2); -1: nobody knows, or it lives and runs another program: execve lets go of all */
    int64_t time_ns; /* CLOCK_BOOTTIME */
} yard_death;
/* Who died last while it held the lock: 1; 0: nobody did. */
int yard_lock_last_owner(yard_lock*, yard_death*);

/* ---- Event ----------------------------------------------------------------------------------------------------- */

int yard_event_open(yard_client*, const char* name, yard_event**);
void yard_event_close(yard_event*);
int yard_event_fd(yard_event*);
int yard_event_set(yard_event*); /* it stays set until it is cleared */
int yard_event_clear(yard_event*);
int yard_event_wait(yard_event*, int64_t timeout_ns);
int yard_event_is_set(yard_event*); /* 1 or 0 */

/* ---- Shared memory --------------------------------------------------------------------------------------------- */

/* `writable` 0: the memory can only be read. */
int yard_shm_open(yard_client*, const char* name, int writable, yard_shm**);
void yard_shm_close(yard_shm*); /* the memory goes with the handle */
void* yard_shm_data(yard_shm*); /* at a page's beginning; at first all zeros */
size_t yard_shm_size(yard_shm*);
/* Readable when somebody called yard_shm_notify since yard_shm_seen, and at first. */
int yard_shm_fd(yard_shm*);
int yard_shm_notify(yard_shm*);
int yard_shm_seen(yard_shm*);

/* ---- Pipe ------------------------------------------------------------------------------------------------------ */

/* Copies the path of the FIFO, for any program to open: its length without the 0 at its end. -ERANGE: `cap` is less. */
ssize_t yard_pipe_path(yard_client*, const char* name, char* buf, size_t cap);
/* As open(2) of that path with O_CLOEXEC: the descriptor is the caller's. Never blocks: the daemon holds both ends. */
int yard_pipe_open(yard_client*, const char* name, int flags);

#ifdef __cplusplus
}
#endif

#endif
