// How it begins and ends.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "zoo.h"

namespace zoo {
namespace {

// What the TERM handlers do; set before the handler is, and never changed after.
long term_delay_ms = 0;
int term_code = 0;
int term_record_fd = -1;
std::string term_record_line;

void set_handler(int signal, void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    if (sigaction(signal, &action, nullptr) != 0) fail("sigaction");
}

void exit_slowly(int) {
    sleep_ms(term_delay_ms);
    _exit(term_code);
}

void exit_with_record(int) {
    const ssize_t written = write(term_record_fd, term_record_line.data(), term_record_line.size());
    _exit(written == static_cast<ssize_t>(term_record_line.size()) ? 0 : 99);
}

int open_for_append(const char* path) {
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) fail(path);
    return fd;
}

[[noreturn]] void record_exit(const char* path, int code) {
    append(path, identity() + " exit " + std::to_string(code) + "\n");
    std::exit(code);
}

}  // namespace

void sleep_ms(long ms) {
    timespec left{ms / 1000, ms % 1000 * 1'000'000};
    while (nanosleep(&left, &left) != 0) continue;
}

[[noreturn]] void sleep_for_ever() {
    while (true) pause();
}

void append(const char* path, const std::string& text) {
    const int fd = open_for_append(path);
    if (write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail(path);
    close(fd);
}

std::string identity() {
    std::ifstream stat("/proc/self/stat");
    std::string text;
    std::getline(stat, text);
    // The command's name stands in brackets and may hold anything; fields are counted from behind it (the
    // third).
    size_t at = text.rfind(')') + 2;
    for (int field = 3; field < 22; ++field) at = text.find(' ', at) + 1;
    return std::to_string(getpid()) + " " + text.substr(at, text.find(' ', at) - at);
}

void record(Script& script) {
    append(script.text(), identity() + "\n");
}

void sleep_step(Script& script) {
    sleep_ms(script.number());
}

void forever(Script&) {
    sleep_for_ever();
}

void exit_step(Script& script) {
    std::exit(static_cast<int>(script.number()));
}

void exit_recorded(Script& script) {
    const char* path = script.text();
    record_exit(path, static_cast<int>(script.number()));
}

void exit_varied(Script& script) {
    record_exit(script.text(), getpid() * 7 % 200 + 1);
}

void raise_step(Script& script) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    raise(script.signal());
}

void fail_times(Script& script) {
    const char* path = script.text();
    const long times = script.number();
    const int code = static_cast<int>(script.number());
    append(path, "x");
    struct stat file {};
    if (stat(path, &file) != 0) fail(path);
    if (file.st_size <= times) std::exit(code);
}

void ignore(Script& script) {
    set_handler(script.signal(), SIG_IGN);
}

void on_term(Script& script) {
    term_delay_ms = script.number();
    term_code = static_cast<int>(script.number());
    set_handler(SIGTERM, exit_slowly);
}

void on_term_record(Script& script) {
    term_record_fd = open_for_append(script.text());
    term_record_line = std::string(script.text()) + "\n";
    set_handler(SIGTERM, exit_with_record);
}

void touch(Script& script) {
    close(open_for_append(script.text()));
}

}  // namespace zoo
