#include <gtest/gtest.h>

#include <string>

#include "engine/ready/http_status.h"

namespace yard::engine {
namespace {

using State = HttpStatus::State;

void expect_code(std::string_view received, int code) {
    const HttpStatus status = parse_http_status(received);
    EXPECT_EQ(status.state, State::complete) << received;
    EXPECT_EQ(status.code, code) << received;
}

TEST(HttpStatus, IsKnownFromTheStatusLineOn) {
    expect_code("HTTP/1.1 200 OK\r\n", 200);
    expect_code("HTTP/1.0 404 Not Found\r\nServer: x\r\n\r\nbody", 404);
    expect_code("HTTP/1.1 302 \r\n", 302);
    expect_code("HTTP/1.1 204\r\n", 204);  // without a reason, as some servers have it
    expect_code("HTTP/1.1 503 Sorry\n", 503);
}

TEST(HttpStatus, EveryBeginningOfAResponseIsIncomplete) {
    const std::string response = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n";
    for (size_t size = 0; size < response.size(); ++size) {
        EXPECT_EQ(parse_http_status(response.substr(0, size)).state, State::incomplete) << size;
    }
    expect_code(response, 200);
}

TEST(HttpStatus, InterimResponsesArePassedOver) {
    expect_code("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\n\nHTTP/1.1 500 Oh\r\n\r\n", 500);
}

TEST(HttpStatus, WhatIsNoHttp1IsMalformed) {
    for (const char* line :
         {"\n", "SSH-2.0-OpenSSH_9\r\n", "HTTP/2 200\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2000 OK\r\n",
          "HTTP/1.1  200 OK\r\n", "HTTP/1.1 099 Low\r\n", "HTTP/1.x 200 OK\r\n", " HTTP/1.1 200 OK\r\n",
          "HTTP/1.1 -20 OK\r\n", "http/1.1 200 OK\r\n"}) {
        EXPECT_EQ(parse_http_status(line).state, State::malformed) << line;
    }
}

TEST(HttpStatus, EndlessLinesAndHeadsAreMalformed) {
    EXPECT_EQ(parse_http_status(std::string(kMaxHttpHeadBytes - 1, 'x')).state, State::incomplete);
    EXPECT_EQ(parse_http_status(std::string(kMaxHttpHeadBytes, 'x')).state, State::malformed);
    EXPECT_EQ(parse_http_status("HTTP/1.1 100 C\r\n" + std::string(kMaxHttpHeadBytes, 'x')).state,
              State::malformed);
}

}  // namespace
}  // namespace yard::engine
