// Stands in for yard-engine: passes descriptor 3, the keeper's socket, to the test that listens on $YARD_TEST_RELAY,
// and waits for its end.
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

int main() {
    const int to_test = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    strncpy(address.sun_path, std::getenv("YARD_TEST_RELAY"), sizeof address.sun_path - 1);
    if (connect(to_test, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return 71;

    const int keeper = 3;
    const pid_t self = getpid();
    iovec part{const_cast<pid_t*>(&self), sizeof self};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof keeper)] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof keeper);
    memcpy(CMSG_DATA(header), &keeper, sizeof keeper);
    if (sendmsg(to_test, &message, 0) < 0) return 71;
    char byte;
    (void)!read(to_test, &byte, 1);  // until the test is gone
    return 0;
}
