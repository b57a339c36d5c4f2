"""Nothing asks a network, at import or at run time, unless it is told to."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.runs import SMALL, table_overrides

EVERYTHING = """
import sys
from contextlib import suppress
import ksiqa
from ksiqa import cli, completion, doctor, evaluate, export, predict, prepare, table, train
table_file, *small = sys.argv[1:]
commands = (train, evaluate, prepare, predict, table, export, doctor, completion)
for command in commands:
    with suppress(SystemExit):
        command.main(["--help"])
doctor.main([])
for logger in ("csv", "wandb"):
    train.main([*small, f"logger={logger}", f"hydra.run.dir={logger}"])
evaluate.main(["checkpoint=csv/model", "hydra.run.dir=evaluated", "strategy=cpu", *small[-6:]])
predict.main([table_file.replace("scores.csv", "0_1.png"), "--model", "csv/model"])
table.main(["csv", "wandb"])
"""


@pytest.fixture
def watched(tmp_path):
    """Run code in a process, and return how that ended, the addresses that it asked for, and how often the proxy.

    What is no Python (wandb's service) takes a proxy to a network: here one that answers nothing.
    """
    asked = tmp_path / "asked.txt"
    asked.touch()
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        here = [str(Path(__file__).parent / "watched"), os.environ.get("PYTHONPATH", "")]
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "HF_"))},
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), f"http://127.0.0.1:{proxy.getsockname()[1]}"),
            **{"PYTHONPATH": os.pathsep.join(filter(None, here)), "HOME": str(tmp_path), "NETWORK_ASKED": str(asked)},
        }

        def run(code, *arguments):
            command = [sys.executable, "-c", code, *arguments]
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            return done, asked.read_text().splitlines(), _calls(proxy)

        yield run


def _calls(server):
    calls = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            calls += 1
    return calls


def test_no_command_asks_a_network(watched, pairs, tmp_path):
    told = [*SMALL, f"cache={tmp_path / 'cache'}", *table_overrides(pairs)]
    done, asked, proxied = watched(EVERYTHING, str(pairs), *told)
    assert done.returncode == 0, done.stderr
    assert asked == []
    assert proxied == 0
    assert (tmp_path / "evaluated" / "results.json").is_file()
    assert list((tmp_path / "wandb" / "wandb").glob("offline-run-*"))


CONNECT = "import socket; socket.create_connection(('192.0.2.1', 9))"
CONTROLS = {
    "by name": "from urllib.request import *; build_opener(ProxyHandler({})).open('http://example.invalid')",
    "by address": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'a', ('192.0.2.1', 9))",
    "in a process started": f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CONNECT!r}], check=True)",
}


@pytest.mark.parametrize("code", CONTROLS.values(), ids=CONTROLS)
def test_what_asks_a_network_is_noticed(code, watched):
    done, asked, _ = watched(code)
    assert done.returncode != 0
    assert "no network here" in done.stderr
    assert len(asked) == 1


def test_what_goes_by_a_proxy_is_noticed(watched):
    code = "import urllib.request; urllib.request.urlopen('http://example.invalid', timeout=0.1)"
    _, asked, proxied = watched(code)
    assert asked == []
    assert proxied == 1
