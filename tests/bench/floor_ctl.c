/* The client of floor.c: sends its arguments as one line and prints the answer. `floor_ctl SOCKET REQUEST...`
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    char text[65536] = "";
    for (int i = 2; i < argc; ++i) {
        strncat(text, argv[i], sizeof text - strlen(text) - 2);
        strcat(text, i + 1 < argc ? " " : "\n");
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr*)&address, sizeof address) != 0) return 7;
    if (write(fd, text, strlen(text)) < 0) return 1;
    for (ssize_t size; (size = read(fd, text, sizeof text)) > 0;) {
        if (write(STDOUT_FILENO, text, (size_t)size) < 0) return 1;
    }
    return 0;
}
