"""Some fifty services of every kind, which together use little of a processor."""

from harness import zoo


def population(daemon, books):
    """The `services` of a configuration; workers and steady ones are entered in the books."""
    services = {}
    for make in (_counted, _formats, _notifying, _probed, _failing, _oneshots, _families):
        services.update(make(daemon, books))
    return services


def _restart(delay, **more):
    return {"policy": "always", "delay": delay, "max_delay": delay, "burst": 0, **more}


def _counted(_, books):
    """Workers crash again and again; the steady ones never do. The books are about these."""
    kept = {"max_size": "64KiB", "keep": 10_000}
    for i in range(6):
        compress = {"compress": "gzip"} if i % 2 else {}
        command = books.worker(f"worker{i}", pause_ms=20, after_ms=300)
        yield f"worker{i}", {"command": command, "restart": _restart("500ms"), "log": {**kept, **compress}}
    for i in range(4):
        yield f"steady{i}", {"command": books.steady_one(f"steady{i}", pause_ms=100), "log": {**kept, "compress": "gzip"}}


def _formats(_, __):
    """Every format with every compression, turned over all the time."""
    for form in ("raw", "text", "json"):
        for compress in ("none", "gzip", "zstd"):
            log = {"format": form, "max_size": "16KiB", "keep": 3, "compress": compress}
            yield f"log-{form}-{compress}", {"command": zoo("lines", form, 10**9, 50), "log": log}
    bursts = zoo("bytes", 200_000, "sleep", 5000)
    for policy in ("block", "drop_oldest", "drop_newest"):
        log = {"max_size": "1MiB", "keep": 2, "compress": "zstd", "policy": policy}
        yield f"bursts-{policy}", {"command": bursts, "restart": _restart("1s"), "log": log}


def _notifying(_, __):
    talk = []
    for i in range(20):
        talk += ["sleep", 200, "notify", rf"STATUS=at step {i}"]
    again = _restart("1s")
    yield "notify-talks", {"command": zoo("notify", "READY=1", *talk), "ready": {"notify": True}, "restart": again}
    yield "notify-hands-over", {
        "command": zoo("hand-over", "notify", "READY=1", "sleep", 4000), "ready": {"notify": True}, "restart": again,
    }
    yield "notify-watchdog", {
        "command": zoo("notify", "READY=1", "watchdog", 300, 10, "forever"),
        "ready": {"notify": True, "watchdog": "1s"}, "restart": again,
    }
    for i in range(3):
        yield f"notify-steady{i}", {"command": zoo("notify", "READY=1", "forever"), "ready": {"notify": True}}


def _probed(daemon, _):
    again = _restart("1s")
    yield "ready-exec", {"command": zoo("sleep", 3000), "ready": {"exec": ["true"], "interval": "300ms"}, "restart": again}
    yield "ready-exec-late", {
        "command": zoo("fail-times", daemon.path("late"), 2, 1, "touch", daemon.path("late.ready"), "sleep", 5000),
        "ready": {"exec": ["test", "-e", str(daemon.path("late.ready"))], "interval": "300ms"}, "restart": again,
    }
    yield "ready-log", {"command": zoo("sleep", 100, "say", "I am here", "sleep", 3000), "ready": {"log": "^I am"}, "restart": again}
    yield "ready-file", {
        "command": zoo("touch", daemon.path("file.ready"), "forever"), "ready": {"file": str(daemon.path("file.ready"))},
    }
    yield "ready-unix", {
        "command": zoo("listen-unix", daemon.path("unix.ready"), "sleep", 4000),
        "ready": {"unix": str(daemon.path("unix.ready"))}, "restart": again,
    }
    yield "ready-fd", {"command": zoo("ready-fd", 3, "forever"), "ready": {"fd": 3}}


def _failing(_, __):
    yield "raises", {"command": zoo("sleep", 700, "raise", "SEGV"), "restart": _restart("1s")}
    yield "not-there", {"command": ["/nonexistent/program"], "restart": _restart("2s")}
    yield "gives-up", {"command": zoo("exit", 3), "restart": {"policy": "on-failure", "delay": "10ms"}}
    yield "never-ready", {"command": zoo("forever"), "ready": {"notify": True, "timeout": "1s"}, "restart": _restart("2s")}
    yield "stubborn", {"command": zoo("ignore", "TERM", "forever"), "stop": {"timeout": "100ms"}}


def _oneshots(_, __):
    yield "once", {"command": zoo("say", "done"), "oneshot": True}
    yield "once-fails", {"command": zoo("exit", 1), "oneshot": True, "restart": "no"}
    yield "after-once", {"command": zoo("forever"), "requires": {"once": "completed"}}
    for i in range(3):
        yield f"link{i}", {"command": zoo("forever"), "requires": [f"link{i - 1}"] if i else ["after-once"]}


def _families(daemon, _):
    """What leaves others behind, in sessions of their own."""
    again = _restart("1s")
    for i in range(3):
        yield f"forks{i}", {"command": zoo("double-fork", daemon.path(f"forks{i}"), "sleep", 1500), "restart": again}
    yield "storms", {"command": zoo("fork-storm", 3, 200, "sleep", 2500), "restart": _restart("5s")}
    yield "crew", {"command": zoo("forever"), "instances": 4}
