#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/ready/endpoint.h"

namespace yard::engine {
namespace {

using testing::HasSubstr;

void expect_host_port(std::string_view text, std::string_view host, uint16_t port) {
    const auto parsed = parse_host_port(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->host, host);
    EXPECT_EQ(parsed->port, port);
}

void expect_url(std::string_view text, std::string_view host, uint16_t port, std::string_view authority,
                std::string_view path) {
    const auto parsed = parse_http_url(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->server.host, host) << text;
    EXPECT_EQ(parsed->server.port, port) << text;
    EXPECT_EQ(parsed->authority, authority) << text;
    EXPECT_EQ(parsed->path, path) << text;
}

TEST(HostPort, NamesAndAddresses) {
    expect_host_port("localhost:6379", "localhost", 6379);
    expect_host_port("127.0.0.1:1", "127.0.0.1", 1);
    expect_host_port("[::1]:65535", "::1", 65535);
}

TEST(HostPort, WhatIsNoneIsRefusedWithTheExpectedForm) {
    for (const char* text : {"", "localhost", "localhost:", ":80", "h:0", "h:65536", "h:8x", "::1:80",
                             "[::1]", "[::1]80", "[::1", "[]:80", "h:+80"}) {
        const auto parsed = parse_host_port(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_THAT(parsed.error().message, HasSubstr("expected HOST:PORT"));
        EXPECT_THAT(parsed.error().message, HasSubstr("\"" + std::string(text) + "\""));
    }
}

TEST(HttpUrl, EveryPartIsOptionalButTheHost) {
    expect_url("http://h", "h", 80, "h", "/");
    expect_url("http://h/", "h", 80, "h", "/");
    expect_url("http://h:8080/health?deep=1", "h", 8080, "h:8080", "/health?deep=1");
    expect_url("http://h?x", "h", 80, "h", "/?x");
    expect_url("http://[::1]:81/a", "::1", 81, "[::1]:81", "/a");
    expect_url("http://[::1]", "::1", 80, "[::1]", "/");
}

TEST(HttpUrl, ColonsAndAtSignsInThePathAreThePaths) {
    expect_url("http://h/a:b@c", "h", 80, "h", "/a:b@c");
}

TEST(HttpUrl, FragmentStaysHere) {
    expect_url("http://h/a#b", "h", 80, "h", "/a");
    expect_url("http://h#b/c", "h", 80, "h", "/");
}

TEST(HttpUrl, WhatIsNoneIsRefused) {
    for (const char* text :
         {"", "h", "https://h", "http://", "http:///x", "http://h:0/", "http://h:x/", "http://u@h/",
          "http://h/a b", "http://h/\r\nX: y", "http://h\x7f", "http://h/\xC3\xA4"}) {
        EXPECT_FALSE(parse_http_url(text)) << text;
    }
    EXPECT_TRUE(parse_http_url("http://h/" + std::string(2000, 'x')));
    EXPECT_FALSE(parse_http_url("http://h/" + std::string(2048, 'x')));
}

}  // namespace
}  // namespace yard::engine
