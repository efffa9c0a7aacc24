// The server over real sockets: order, bounds, and that no client harms another.
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstring>

#include "tests/fakes/control_client.h"

namespace yard::engine::control {
namespace {

using testing::HasSubstr;
using ControlServer = ControlServerTest;

constexpr const char* kInvalid = "org.varlink.service.InvalidParameter";

TEST_F(ControlServer, PipelinedRequestsAreAnsweredInOrder) {
    serve();
    backend.add("api");
    SocketClient client(address);
    for (int i = 0; i < 100; ++i) client.send_request(i % 2 == 0 ? "Ping" : "GetVersion");
    for (int i = 0; i < 100; ++i) {
        const std::optional<Json> reply = answer(client);
        ASSERT_TRUE(reply);
        EXPECT_TRUE((*reply)["parameters"].has(i % 2 == 0 ? "pid" : "version")) << i;
    }
}

TEST_F(ControlServer, ANewlineIsAnsweredInKind) {
    serve();
    SocketClient client(address);
    client.send("{\n \"method\": \"org.yardmaster.Ping\"\n}\n");
    EXPECT_TRUE(answer(client, '\n'));
    EXPECT_EQ(client.received.back(), '\n');
    EXPECT_EQ(client.received.find('\0'), std::string::npos);
    client.send_request("Ping");
    EXPECT_TRUE(answer(client, '\0'));
}

TEST_F(ControlServer, ARequestMayComeByteByByte) {
    serve();
    SocketClient client(address);
    for (const char byte : std::string("{\"method\":\"org.yardmaster.Ping\"}")) {
        client.send(std::string(1, byte));
        run_until_quiet();
    }
    EXPECT_TRUE(client.received.empty());
    client.send(std::string(1, '\0'));
    EXPECT_TRUE(answer(client));
}

TEST_F(ControlServer, ALaterRequestWaitsForTheAnswerOfAnEarlierOne) {
    serve();
    const ServiceId api = backend.add("api", State::starting);
    SocketClient waiting(address), other(address);
    waiting.send_request("Start", R"({"names":["api"],"wait":true})");
    waiting.send_request("Ping");
    other.send_request("Ping");
    EXPECT_TRUE(answer(other));
    run_until_quiet();
    waiting.read_some();
    EXPECT_TRUE(waiting.received.empty());
    backend.set_state(api, State::running, "ready");
    EXPECT_TRUE((*answer(waiting))["parameters"].has("outcomes"));
    EXPECT_TRUE((*answer(waiting))["parameters"].has("pid"));
}

TEST_F(ControlServer, GarbageIsAnsweredAndClosesOnlyItsSender) {
    serve();
    SocketClient good(address);
    for (const std::string& garbage :
         {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("{\"method\":1}\n"), std::string("{]\0", 3),
          std::string("{\"method\":\"\xFF\"}\0", 15), std::string(200'000, 'x'), std::string(40, '[')}) {
        SocketClient bad(address);
        bad.send(garbage);
        ASSERT_TRUE(run_until_closed(bad));
        EXPECT_THAT(bad.received, HasSubstr(kInvalid));
    }
    good.send_request("Ping");
    EXPECT_TRUE(answer(good));
    EXPECT_EQ(server->clients(), 1u);
}

TEST_F(ControlServer, WhatCameBeforeTheGarbageIsAnswered) {
    serve();
    SocketClient client(address);
    client.send_request("Ping");
    client.send("garbage");
    ASSERT_TRUE(run_until_closed(client));
    EXPECT_TRUE((*client.take())["parameters"].has("pid"));
    EXPECT_EQ((*client.take())["error"].as_string(), kInvalid);
}

TEST_F(ControlServer, AMessageOverTheLimitIsRefused) {
    serve();
    SocketClient client(address);
    client.send("{\"method\":\"" + std::string(2 << 20, 'x'));
    ASSERT_TRUE(run_until_closed(client));
    EXPECT_THAT(client.received, HasSubstr("larger than 1048576 bytes"));
}

TEST_F(ControlServer, WhoDoesNotReadIsNotReadFromEither) {
    serve();
    for (int i = 0; i < 1000; ++i) backend.add("service-" + std::to_string(i), State::running);
    SocketClient slow(address), other(address);
    slow.is_deaf = true;
    constexpr size_t kRequests = 200;
    for (size_t i = 0; i < kRequests; ++i) {
        slow.send_request("Status");
        slow.send_request("Kill", R"({"names":["service-0"]})");
    }
    other.send_request("Ping");
    ASSERT_TRUE(run_until({&slow, &other}, [&] { return other.take().has_value(); }));
    run_until_quiet();
    EXPECT_LE(backend.asked.size(), 1u);

    slow.is_deaf = false;
    ASSERT_TRUE(run_until({&slow}, [&] { return backend.asked.size() == kRequests; }));
    size_t answers = 0;
    ASSERT_TRUE(run_until({&slow}, [&] {
        while (slow.take()) ++answers;
        return answers == 2 * kRequests;
    }));
}

TEST_F(ControlServer, AStreamPausesUntilItsReaderHasCaughtUp) {
    serve();
    backend.add("api");
    SocketClient client(address);
    client.is_deaf = true;
    client.send("{\"method\":\"org.yardmaster.Logs\",\"more\":true}\n");
    ASSERT_TRUE(run_until({&client}, [&] { return !backend.queries.empty(); }));
    auto& query = backend.queries.front();
    size_t sent = 0;
    for (; !query.paused && sent < 1000; ++sent)
        query.on_lines({{"api", WallTime(), std::string(10'000, 'x')}});
    EXPECT_LT(sent, 100u);
    client.is_deaf = false;
    ASSERT_TRUE(run_until({&client}, [&] { return !query.paused; }));
    query.on_end();
    size_t replies = 0;
    ASSERT_TRUE(run_until({&client}, [&] {
        while (client.take('\n')) ++replies;
        return replies == sent + 1;
    }));
}

TEST_F(ControlServer, AThousandClientsAreServed) {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
    serve();
    std::vector<std::unique_ptr<SocketClient>> clients;
    std::vector<SocketClient*> all;
    for (int i = 0; i < 1000; ++i) {
        clients.push_back(std::make_unique<SocketClient>(address));
        clients.back()->send_request("Ping");
        all.push_back(clients.back().get());
    }
    ASSERT_TRUE(run_until(all, [&] {
        return std::all_of(all.begin(), all.end(),
                           [](SocketClient* client) { return !client->received.empty(); });
    }));
    EXPECT_EQ(server->clients(), 1000u);
    clients.clear();
    EXPECT_TRUE(run_until({}, [&] { return server->clients() == 0; }));
}

TEST(ServerLimits, FewFilesMeanFewClientsAndFewerStrangers) {
    EXPECT_EQ(ServerLimits::for_files(1 << 20).clients, 1024u);
    EXPECT_EQ(ServerLimits::for_files(1 << 20).strangers, 64u);
    EXPECT_EQ(ServerLimits::for_files(256).clients, 64u);
    EXPECT_EQ(ServerLimits::for_files(256).strangers, 16u);
}

TEST_F(ControlServer, OneClientTooManyIsToldSo) {
    serve({.clients = 2});
    SocketClient first(address), second(address);
    second.send_request("Ping");
    EXPECT_TRUE(answer(second));
    SocketClient third(address);
    ASSERT_TRUE(run_until_closed(third));
    EXPECT_EQ(third.take()->dump(), R"({"error":"org.yardmaster.TooManyClients","parameters":{"limit":2}})");
    first.close();
    ASSERT_TRUE(run_until({}, [&] { return server->clients() == 1; }));
    SocketClient fourth(address);
    fourth.send_request("Ping");
    EXPECT_TRUE(answer(fourth));
}

TEST_F(ControlServer, StrangersLeaveRoomForThoseWithRights) {
    bool is_stranger = true;
    serve({.clients = 10, .strangers = 2},
          [&](const Credentials&) { return is_stranger ? Role::anyone : Role::admin; });
    SocketClient first(address), second(address), third(address);
    ASSERT_TRUE(run_until_closed(third));
    EXPECT_EQ((*third.take())["parameters"]["limit"].as_int(), 2);
    is_stranger = false;
    SocketClient owner(address);
    owner.send_request("Ping");
    EXPECT_TRUE(answer(owner));
    is_stranger = true;
    first.close();
    ASSERT_TRUE(run_until({}, [&] { return server->clients() == 2; }));
    SocketClient fourth(address);
    fourth.send_request("Ping");
    EXPECT_TRUE(answer(fourth));
}

TEST_F(ControlServer, StrangersMaySendSmallMessagesOnly) {
    serve({}, [](const Credentials&) { return Role::anyone; });
    SocketClient client(address);
    client.send("{\"method\":\"" + std::string(5000, 'x'));
    ASSERT_TRUE(run_until_closed(client));
    EXPECT_THAT(client.received, HasSubstr("larger than 4096 bytes"));
}

TEST_F(ControlServer, HalfAMessageForTooLongEndsTheConnection) {
    serve({.half_message = std::chrono::milliseconds(20)});
    SocketClient half(address), unended(address), idle(address), after_one(address);
    half.send("{\"method\":");
    unended.send("{\"method\":\"org.yardmaster.Ping\"}");
    after_one.send_request("Ping");
    after_one.send("{");
    ASSERT_TRUE(answer(after_one));
    for (SocketClient* client : {&half, &unended, &after_one}) {
        ASSERT_TRUE(run_until_closed(*client));
        EXPECT_THAT(client->received, HasSubstr("half a message"));
    }
    idle.send_request("Ping");
    EXPECT_TRUE(answer(idle));
}

TEST_F(ControlServer, EachMessageHasItsOwnTime) {
    serve({.half_message = std::chrono::milliseconds(30)});
    SocketClient busy(address), half(address);
    const std::string next = std::string("\"method\":\"org.yardmaster.Ping\"}") + '\0' + "{";
    busy.send("{");
    run_until_quiet();
    half.send("{");
    busy.send(next);
    ASSERT_TRUE(run_until({&busy, &half}, [&] {
        if (busy.take()) busy.send(next);
        return half.is_closed || busy.is_closed;
    }));
    EXPECT_FALSE(busy.is_closed);
}

TEST_F(ControlServer, AWaitingCallIsNotHalfAMessage) {
    serve({.half_message = std::chrono::milliseconds(20)});
    const ServiceId api = backend.add("api", State::starting);
    SocketClient waiting(address), half(address);
    waiting.send_request("Start", R"({"names":["api"],"wait":true})");
    waiting.send("{\"method\":");
    ASSERT_TRUE(run_until({&waiting}, [&] { return !backend.asked.empty(); }));
    half.send("{");
    ASSERT_TRUE(run_until_closed(half));  // the time has passed
    backend.set_state(api, State::running, "ready");
    EXPECT_TRUE(answer(waiting));
}

TEST_F(ControlServer, IdleConnectionsWakeNobody) {
    serve();
    SocketClient first(address), second(address);
    first.send_request("Ping");
    EXPECT_TRUE(answer(first));
    run_until_quiet();
    EXPECT_EQ(uv_backend_timeout(&loop), -1);
}

TEST_F(ControlServer, WantOfDescriptorsIsWaitedOutWithoutABusyLoop) {
    serve();
    SocketClient client(address);
    client.send_request("Ping");
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const int next = dup(client.fd());
    ::close(next);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(next);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
    uv_run(&loop, UV_RUN_NOWAIT);
    run_until_quiet();
    EXPECT_GT(uv_backend_timeout(&loop), 0);
    EXPECT_EQ(server->clients(), 0u);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(answer(client));
}

TEST_F(ControlServer, TheKernelSaysWhoCalls) {
    std::optional<Credentials> seen;
    serve({}, [&](const Credentials& peer) {
        seen = peer;
        return Role::admin;
    });
    backend.add("api");
    SocketClient client(address);
    client.send_request("Start", R"({"names":["api"]})");
    EXPECT_TRUE(answer(client));
    EXPECT_EQ(seen->uid, getuid());
    EXPECT_EQ(seen->pid, getpid());
    EXPECT_EQ(backend.last_cause, "started by " + seen->text());
}

TEST_F(ControlServer, APeerWithoutRightsStaysConnectedAndIsRefused) {
    serve({}, [](const Credentials&) { return Role::anyone; });
    SocketClient client(address);
    client.send_request("Shutdown");
    EXPECT_EQ((*answer(client))["error"].as_string(), "org.yardmaster.NotPermitted");
    client.send("{\"method\":\"org.varlink.service.GetInfo\"}\n");
    EXPECT_FALSE(answer(client, '\n')->has("error"));
    EXPECT_TRUE(backend.asked.empty());
}

TEST_F(ControlServer, WhoSendsNoMoreStillGetsItsAnswers) {
    serve();
    const ServiceId api = backend.add("api", State::starting);
    SocketClient client(address);
    client.send_request("Start", R"({"names":["api"],"wait":true})");
    client.send_request("Ping");
    client.half_close();
    ASSERT_TRUE(run_until({&client}, [&] { return !backend.asked.empty(); }));
    run_until_quiet();
    EXPECT_EQ(server->clients(), 1u);
    backend.set_state(api, State::running, "ready");
    ASSERT_TRUE(run_until_closed(client));
    EXPECT_TRUE((*client.take())["parameters"].has("outcomes"));
    EXPECT_TRUE((*client.take())["parameters"].has("pid"));
}

TEST_F(ControlServer, AWaitingCallerThatGoesAwayIsForgottenAtOnce) {
    serve();
    const ServiceId api = backend.add("api", State::starting);
    SocketClient gone(address), half_gone(address);
    for (SocketClient* client : {&gone, &half_gone}) {
        client->send_request("Start", R"({"names":["api"],"wait":true})");
    }
    half_gone.half_close();
    ASSERT_TRUE(run_until({&gone, &half_gone}, [&] { return backend.asked.size() == 2; }));
    run_until_quiet();
    gone.close();
    ASSERT_TRUE(run_until({}, [&] { return server->clients() == 1; }));
    half_gone.close();
    ASSERT_TRUE(run_until({}, [&] { return server->clients() == 0; }));
    backend.set_state(api, State::running, "ready");
}

TEST_F(ControlServer, OnewayRequestsOfACallerThatLeftAtOnceAreApplied) {
    serve();
    backend.add("api");
    {
        SocketClient client(address);
        for (int i = 0; i < 50; ++i) {
            client.send(
                "{\"method\":\"org.yardmaster.Start\",\"parameters\":{\"names\":[\"api\"]},\"oneway\":true}"
                "\n");
        }
        ASSERT_TRUE(client.unsent.empty());
    }
    EXPECT_TRUE(run_until({}, [&] { return backend.asked.size() == 50; }));
    EXPECT_TRUE(run_until({}, [&] { return server->clients() == 0; }));
}

TEST_F(ControlServer, OneFloodOfRequestsDoesNotHoldUpAnother) {
    serve();
    backend.add("api");
    SocketClient flood(address), other(address);
    std::string requests;
    for (int i = 0; i < 400; ++i) {
        requests +=
            "{\"method\":\"org.yardmaster.Kill\",\"parameters\":{\"names\":[\"api\"]},\"oneway\":true}\n";
    }
    flood.send(requests);
    other.send_request("Stop", R"({"names":["api"]})");
    ASSERT_TRUE(run_until({&flood, &other}, [&] { return backend.asked.size() == 401; }));
    const auto stop = std::find(backend.asked.begin(), backend.asked.end(), "stop api");
    EXPECT_LT(stop - backend.asked.begin(), 100);
}

// Reads one answer with the descriptors beside it.
Descriptors read_passed(SocketClient& client) {
    char bytes[4096];
    iovec part{bytes, sizeof bytes};
    alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = recvmsg(client.fd(), &message, MSG_CMSG_CLOEXEC);
    if (size <= 0) return {};
    client.received.append(bytes, static_cast<size_t>(size));
    Descriptors fds;
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    for (size_t i = 0; header != nullptr && CMSG_LEN(i * sizeof(int)) < header->cmsg_len; ++i) {
        int fd;
        std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
        fds.emplace_back(fd);
    }
    return fds;
}

std::string content(const UniqueFd& fd) {
    char bytes[16];
    const ssize_t size = pread(fd.get(), bytes, sizeof bytes, 0);
    return size < 0 ? "" : std::string(bytes, static_cast<size_t>(size));
}

// What a test passes on: two memfds with numbers in them, which count up.
struct Numbered {
    Descriptors operator()() {
        Descriptors fds;
        for (int i = 0; i < 2; ++i) {
            UniqueFd& fd = fds.emplace_back(memfd_create("numbered", MFD_CLOEXEC));
            const std::string text = std::to_string(next++);
            EXPECT_EQ(write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
        }
        return fds;
    }
    int next = 0;
};

TEST_F(ControlServer, WhoHasObjectsIsNoStranger) {
    bool has_objects = false;
    serve({.strangers = 1, .has_objects = [&](const Credentials&) { return has_objects; }},
          [](const Credentials&) { return Role::anyone; });
    SocketClient stranger(address), second(address);
    EXPECT_TRUE(run_until_closed(second));
    has_objects = true;
    SocketClient third(address), fourth(address);
    for (SocketClient* client : {&third, &fourth}) {
        client->send_request("IpcOpen", "{\"name\":\"" + std::string(5000, 'x') + "\"}");
        EXPECT_EQ((*answer(*client))["parameters"]["owner"].as_int(), 3);
    }
}

TEST_F(ControlServer, DescriptorsComeBesideTheirAnswers) {
    serve();
    backend.objects.make_fds = Numbered();
    SocketClient client(address);
    const int kAnswers = 20;
    for (int i = 0; i < kAnswers; ++i) {
        client.send_request("IpcOpen", R"({"name":"jobs"})");
        client.send_request("Ping");
    }
    int next = 0;
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    for (int answers = 0; answers < 2 * kAnswers && std::chrono::steady_clock::now() < deadline;) {
        uv_run(&loop, UV_RUN_NOWAIT);
        const Descriptors fds = read_passed(client);
        // A read goes no further than the message that descriptors came with.
        bool passed = false;
        while (const auto message = client.take()) {
            ++answers;
            passed |= (*message)["parameters"].has("owner");
        }
        ASSERT_EQ(fds.size(), passed ? 2u : 0u);
        for (const UniqueFd& fd : fds) EXPECT_EQ(content(fd), std::to_string(next++));
    }
    EXPECT_EQ(next, 2 * kAnswers);
}

TEST_F(ControlServer, DescriptorsForACallerThatDoesNotReadAreFewAndClosedWithIt) {
    serve();
    int pipe_ends[2];
    ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK), 0);
    UniqueFd reading(pipe_ends[0]), writing(pipe_ends[1]);
    int made = 0;
    backend.objects.make_fds = [&] {
        ++made;
        Descriptors fds;
        fds.emplace_back(fcntl(writing.get(), F_DUPFD_CLOEXEC, 0));
        return fds;
    };
    SocketClient deaf(address), other(address);
    deaf.is_deaf = true;
    int small = 1;
    setsockopt(deaf.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    for (int i = 0; i < 5000; ++i) deaf.send_request("IpcOpen", R"({"name":"jobs"})");
    ASSERT_TRUE(run_until({&deaf}, [&] { return made > 0; }));
    run_until_quiet();
    EXPECT_LT(made, 2000);
    other.send_request("Ping");
    EXPECT_TRUE(answer(other));
    deaf.close();
    writing.reset();
    char byte;
    EXPECT_TRUE(run_until({}, [&] { return server->clients() == 1; }));
    EXPECT_EQ(read(reading.get(), &byte, 1), 0) << "somebody still has the other end";
}

TEST_F(ControlServer, TheServerMayEndWhileCallsAreUnanswered) {
    serve();
    backend.add("api", State::starting);
    SocketClient waiting(address), streaming(address);
    waiting.send_request("Start", R"({"names":["api"],"wait":true})");
    streaming.send("{\"method\":\"org.yardmaster.Logs\",\"parameters\":{\"follow\":true},\"more\":true}\n");
    ASSERT_TRUE(run_until({&waiting, &streaming},
                          [&] { return !backend.asked.empty() && !backend.queries.empty(); }));
    server.reset();
    EXPECT_TRUE(backend.queries.front().cancelled);
    EXPECT_TRUE(run_until_closed(waiting));
}

}  // namespace
}  // namespace yard::engine::control
