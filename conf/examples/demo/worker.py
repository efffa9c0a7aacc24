"""The demo's worker: counts in redis, publishes the count as a page, reads the page back through nginx."""

import os
import pathlib
import signal
import socket
import sys
import time
import urllib.request


def notify(text):
    """sd_notify(3): tells the supervisor how we are, if one listens."""
    path = os.environ.get("NOTIFY_SOCKET")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(text.encode(), path)


def count_in_redis(connection):
    connection.sendall(b"INCR demo:visits\r\n")
    return int(connection.recv(100).decode().lstrip(":"))


def publish(page, count):
    """Replaces the page in one step, so that nginx never serves half of it."""
    draft = page.with_suffix(".new")
    draft.write_text(f"<p>The worker counted to {count}.</p>\n")
    draft.replace(page)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    page = pathlib.Path(os.environ["DEMO_DIR"], "www", "index.html")
    with socket.create_connection(("127.0.0.1", int(os.environ["REDIS_PORT"]))) as redis:
        while True:
            count = count_in_redis(redis)
            publish(page, count)
            with urllib.request.urlopen(os.environ["PAGE_URL"]) as response:
                served = response.read().decode().strip()
            print(f"nginx serves: {served}")
            notify(f"READY=1\nSTATUS=counted to {count}")
            time.sleep(2)


if __name__ == "__main__":
    main()
