"""Programs that people really run: systemd-notify, redis-server, nginx."""

import os
import shutil
import signal
import socket
import unittest
import urllib.request

from harness import Scenario, free_port, procfs, wait_for

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

NGINX_CONFIG = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 200 "hello\\n"; }}
    }}
}}
"""


def redis_command(port, folder):
    return ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]


def ask_redis(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request + b"\r\n")
        return connection.recv(1000)


class RealPrograms(Scenario):
    def nginx_family(self, d):
        """The PIDs of the master and its workers; nginx writes its titles over the environment that marks a scenario."""
        master = d.status("nginx")["pid"]
        return [master, *wait_for(lambda: procfs.children_of(master), 10, "a worker")]

    def test_systemd_notify_makes_a_shell_script_ready(self):
        script = "systemd-notify --status='half way'; systemd-notify --ready --status='from the shell'; exec sleep 1000"
        d = self.daemon({"one": {"shell": script, "ready": {"notify": True}}})
        self.assertEqual(d.wait_state("one", "running")["status_text"], "from the shell")

    def test_redis_is_ready_when_its_port_is(self):
        port = free_port()
        d = self.make({"version": 1, "services": {}})
        service = {"command": redis_command(port, d.folder), "ready": {"tcp": f"127.0.0.1:{port}"}}
        d.write_config({"version": 1, "services": {"redis": service}})
        d.start().wait_state("redis", "running")
        self.assertEqual(ask_redis(port, b"PING"), b"+PONG\r\n")
        self.assert_ctl(0, d, "stop", "redis")
        self.assertEqual(d.status("redis")["exit"], {"code": 0})
        self.assertIn("bye bye", d.log("redis"))

    def test_redis_speaks_sd_notify_by_itself(self):
        port = free_port()
        d = self.make({"version": 1, "services": {}})
        command = [*redis_command(port, d.folder), "--supervised", "systemd"]
        d.write_config({"version": 1, "services": {"redis": {"command": command, "ready": {"notify": True}}}})
        d.start()
        status = d.wait_state("redis", "running")
        self.assertIn("Ready to accept connections", status["status_text"])

    def test_nginx_is_ready_when_it_serves_and_leaves_no_worker(self):
        port = free_port()
        d = self.make({"version": 1, "services": {}})
        config = d.path("nginx.conf")
        config.write_text(NGINX_CONFIG.format(folder=d.folder, port=port))
        url = f"http://127.0.0.1:{port}/"
        service = {
            "command": [NGINX, "-e", "stderr", "-p", str(d.folder), "-c", str(config)],
            "ready": {"http": url},
            "stop": {"signal": "QUIT"},
        }
        d.write_config({"version": 1, "services": {"nginx": service}})
        d.start().wait_state("nginx", "running")
        with urllib.request.urlopen(url, timeout=5) as response:
            self.assertEqual(response.read(), b"hello\n")
        family = self.nginx_family(d)
        self.assert_ctl(0, d, "stop", "nginx")
        self.assertEqual(d.status("nginx")["exit"], {"code": 0})
        self.assertEqual([pid for pid in family if procfs.process_alive(pid)], [])

    def test_a_killed_nginx_master_takes_its_workers_along_and_comes_back(self):
        port = free_port()
        d = self.make({"version": 1, "services": {}})
        config = d.path("nginx.conf")
        config.write_text(NGINX_CONFIG.format(folder=d.folder, port=port))
        service = {
            "command": [NGINX, "-e", "stderr", "-p", str(d.folder), "-c", str(config)],
            "ready": {"tcp": f"127.0.0.1:{port}"},
        }
        d.write_config({"version": 1, "services": {"nginx": service}})
        d.start().wait_state("nginx", "running")
        before = self.nginx_family(d)
        os.kill(d.status("nginx")["pid"], signal.SIGKILL)
        d.wait_status("nginx", lambda s: s["state"] == "running" and s["restarts"] == 1, "the restart")
        self.assertEqual([pid for pid in before if procfs.process_alive(pid)], [])


if __name__ == "__main__":
    unittest.main()
