#include <gtest/gtest.h>

#include <optional>

#include "engine/ready/connector.h"
#include "engine/ready/tcp_connector.h"
#include "helpers/loop_test.h"
#include "helpers/tcp_server.h"

namespace yard::engine {
namespace {

class ConnectorTest : public LoopTest {
  protected:
    Connector::Done keep_outcome() {
        return [this](Result<UniqueFd> connection) { outcome_ = std::move(connection); };
    }
    bool finished() {
        return run_until([&] { return outcome_.has_value(); });
    }
    static NetAddress address_of(const TcpPort& port) {
        return *numeric_address({"127.0.0.1", port.number()});
    }

    std::optional<Result<UniqueFd>> outcome_;
};

TEST_F(ConnectorTest, ListeningPortIsConnectedTo) {
    const TcpPort port;
    port.listen();
    Connector connector(loop(), {address_of(port)}, keep_outcome());
    ASSERT_TRUE(finished());
    EXPECT_TRUE(outcome_->ok());
    EXPECT_TRUE(is_idle());
}

TEST_F(ConnectorTest, ClosedPortGivesTheReason) {
    const TcpPort port;
    Connector connector(loop(), {address_of(port)}, keep_outcome());
    ASSERT_TRUE(finished());
    ASSERT_FALSE(outcome_->ok());
    EXPECT_EQ(outcome_->error().message, "Connection refused");
}

TEST_F(ConnectorTest, TheNextAddressIsTriedAfterARefusal) {
    const TcpPort closed, open;
    open.listen();
    Connector connector(loop(), {address_of(closed), address_of(open)}, keep_outcome());
    ASSERT_TRUE(finished());
    EXPECT_TRUE(outcome_->ok());
}

TEST_F(ConnectorTest, DestroyingItCancels) {
    const TcpPort port;
    port.listen();
    std::optional<Connector> connector;
    connector.emplace(loop(), std::vector{address_of(port)}, keep_outcome());
    if (outcome_) GTEST_SKIP() << "the kernel connected at once";
    connector.reset();
    EXPECT_TRUE(is_idle());
    EXPECT_FALSE(outcome_);
}

TEST_F(ConnectorTest, ConnectionWithItselfIsTold) {
    const TcpPort lonely;
    const NetAddress itself = address_of(lonely);
    (void)connect(lonely.fd(), itself.get(), itself.size);  // non-blocking: under way, and there at once
    EXPECT_TRUE(is_connected_to_itself(lonely.fd()));

    const TcpPort server, client;
    server.listen();
    const NetAddress other = address_of(server);
    (void)connect(client.fd(), other.get(), other.size);
    EXPECT_FALSE(is_connected_to_itself(client.fd()));
}

TEST_F(ConnectorTest, NamesAreLookedUp) {
    const TcpPort port;
    port.listen();
    TcpConnector connector(loop(), {"localhost", port.number()}, keep_outcome());
    ASSERT_TRUE(finished());
    EXPECT_TRUE(outcome_->ok()) << outcome_->error().message;
}

TEST_F(ConnectorTest, NameThatCannotBeAskedForIsAFailure) {
    TcpConnector connector(loop(), {std::string(300, 'x'), 1}, keep_outcome());
    ASSERT_TRUE(finished());
    EXPECT_FALSE(outcome_->ok());
}

TEST_F(ConnectorTest, LookupUnderWayCanBeAbandoned) {
    std::optional<TcpConnector> connector;
    connector.emplace(loop(), HostPort{"localhost", 1}, keep_outcome());
    connector.reset();
    EXPECT_FALSE(finished());  // the lookup has ended, and nothing came of it
    EXPECT_TRUE(is_idle());
}

}  // namespace
}  // namespace yard::engine
