#include "engine/loop/worker.h"

#include <uv.h>

#include <memory>
#include <utility>

namespace yard::engine {

void run_in_worker(uv_loop_s* loop, std::function<void()> work, std::function<void()> done) {
    struct Job {
        uv_work_t request;
        std::function<void()> work, done;
    };
    auto* job = new Job{{}, std::move(work), std::move(done)};
    job->request.data = job;
    uv_queue_work(
        loop, &job->request, [](uv_work_t* request) { static_cast<Job*>(request->data)->work(); },
        [](uv_work_t* request, int) {
            const std::unique_ptr<Job> finished(static_cast<Job*>(request->data));
            finished->done();
        });
}

}  // namespace yard::engine
