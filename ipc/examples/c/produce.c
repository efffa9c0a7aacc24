/* Puts each of its arguments into the queue examples/jobs. */
#include <stdio.h>
#include <string.h>
#include <yard.h>

int main(int argc, char** argv) {
    yard_client* client = yard_connect(NULL);
    yard_queue* jobs = NULL;
    if (client == NULL || yard_queue_open(client, "examples/jobs", &jobs) != 0) {
        fprintf(stderr, "produce: %s\n", yard_last_error());
        return 1;
    }
    for (int i = 1; i < argc; ++i) {
        const int error = yard_queue_put(jobs, argv[i], strlen(argv[i]), -1);
        if (error != 0) {
            fprintf(stderr, "produce: %s\n", strerror(-error));
            return 1;
        }
    }
    yard_queue_close(jobs);
    yard_disconnect(client);
    return 0;
}
