/* Works on what is in the queue examples/jobs, until nothing has come for a tenth of a second. Whatever kills this
 * program, the message that it worked on comes to the next one. It waits in poll(2), as a program with an event loop. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <yard.h>

/* 1: there was one; 0: there is none now. */
static int work_on_one(yard_queue* jobs) {
    char text[65536];
    uint64_t lease;
    const ssize_t size = yard_queue_get(jobs, text, sizeof text, 0, &lease);
    if (size == -EAGAIN) return 0;
    if (size < 0) return (int)size;
    printf("did %.*s\n", (int)size, text);
    /* A message that cannot be worked on is given back; after its third delivery it goes to examples/failed. */
    if (size >= 3 && memcmp(text, "bad", 3) == 0) return yard_queue_nack(jobs, lease, 0) == 0 ? 1 : -EIO;
    return yard_queue_ack(jobs, lease) == 0 ? 1 : -EIO;
}

int main(void) {
    yard_client* client = yard_connect(NULL);
    yard_queue* jobs = NULL;
    if (client == NULL || yard_queue_open(client, "examples/jobs", &jobs) != 0) {
        fprintf(stderr, "consume: %s\n", yard_last_error());
        return 1;
    }
    struct pollfd waited = {.fd = yard_queue_fd(jobs), .events = POLLIN};
    int result = 0;
    while (result == 0 && poll(&waited, 1, 100) > 0) {
        while ((result = work_on_one(jobs)) > 0) {
        }
    }
    if (result < 0) fprintf(stderr, "consume: %s\n", strerror(-result));
    yard_queue_close(jobs);
    yard_disconnect(client);
    return result < 0;
}
