// Three processes share the queue examples/jobs. One of them dies in the middle of its work, and nothing is lost.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <yard/client.hpp>

using namespace std::chrono_literals;

// A handle may be used on both sides of fork(): each process is a user of its own.
pid_t start_worker(yard::Queue& jobs, yard::Queue& results, bool dies) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    while (std::optional<yard::Lease> job = jobs.lease(yard::immediately)) {
        if (dies) raise(SIGKILL);
        results.put("done: " + std::string(job->text()));
        job->ack();
    }
    _exit(0);
}

int main() try {
    yard::Client client;
    yard::Queue jobs = client.open_queue("examples/jobs");
    client.create_queue("examples/results", {}, {.exist_ok = true, .ephemeral = true});
    yard::Queue results = client.open_queue("examples/results");

    for (const char* job : {"one", "two", "three"}) jobs.put(job);
    waitpid(start_worker(jobs, results, true), nullptr, 0);  // takes the first job along, and it comes back
    const pid_t workers[] = {start_worker(jobs, results, false), start_worker(jobs, results, false)};
    for (const pid_t worker : workers) waitpid(worker, nullptr, 0);
    // Should the dead worker's job have come back only after the others had gone home:
    while (std::optional<yard::Lease> job = jobs.lease(results.size() < 3 ? 5s : 0s)) {
        results.put("done: " + std::string(job->text()));
        job->ack();
    }
    while (const std::optional<std::string> result = results.get(yard::immediately))
        std::cout << *result << '\n';
} catch (const yard::Error& error) {
    std::cerr << "workers: " << error.what() << '\n';
    return 1;
}
