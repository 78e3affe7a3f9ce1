# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two PostgreSQL servers of the test's own under Patroni, one the synchronous standby of the other, with
etcd to decide and haproxy to find the one that may be written to: what service/README.md describes."""
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import with_postgres
from certd_case import free_port

PROGRAMS = ("patroni", "etcd", "haproxy")
PATIENCE = 180

CONFIG = """
scope: openukey
name: {name}
restapi: {{listen: "127.0.0.1:{rest}", connect_address: "127.0.0.1:{rest}"}}
etcd3: {{host: "127.0.0.1:{etcd}"}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 5
    maximum_lag_on_failover: 1048576
    synchronous_mode: true
    postgresql: {{use_pg_rewind: true}}
  initdb: [encoding: UTF8]
  pg_hba:
    - host all all 127.0.0.1/32 scram-sha-256
    - host replication all 127.0.0.1/32 scram-sha-256
postgresql:
  listen: "127.0.0.1:{port}"
  connect_address: "127.0.0.1:{port}"
  data_dir: {folder}/{name}
  bin_dir: {programs}
  pgpass: {folder}/{name}.pgpass
  authentication:
    superuser: {{username: tests, password: tests}}
    replication: {{username: copies, password: copies}}
  parameters: {{unix_socket_directories: "{folder}", shared_buffers: 32MB, max_connections: 60}}
"""
HAPROXY = """
defaults
\tmode tcp
\ttimeout connect 2s
\ttimeout client 1h
\ttimeout server 1h
listen primary
\tbind 127.0.0.1:{port}
\toption httpchk GET /primary
\thttp-check expect status 200
\tdefault-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
{servers}
"""


class Cluster:
    """Belongs to an unprivileged user; `end` is to be called."""

    def __init__(self, folder):
        self.folder = f"{folder}/cluster"
        os.mkdir(self.folder)
        os.chmod(folder, 0o755)
        os.chmod(self.folder, 0o777)
        self.processes, self.rest = {}, {}
        self.user = with_postgres.user_of_server()
        self.env = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": self.folder}
        self.env.pop("LD_PRELOAD", None)
        self.etcd, self.port = free_port(), free_port()
        peers = free_port()
        self.run("etcd", "etcd", "--data-dir", f"{self.folder}/etcd", "--listen-client-urls",
                 f"http://127.0.0.1:{self.etcd}", "--advertise-client-urls",
                 f"http://127.0.0.1:{self.etcd}", "--listen-peer-urls", f"http://127.0.0.1:{peers}",
                 "--initial-advertise-peer-urls", f"http://127.0.0.1:{peers}", "--initial-cluster",
                 f"default=http://127.0.0.1:{peers}")
        servers = "".join(self.member(name) for name in ("one", "two"))
        Path(f"{self.folder}/haproxy.cfg").write_text(HAPROXY.format(port=self.port, servers=servers))
        self.run("haproxy", "haproxy", "-db", "-f", f"{self.folder}/haproxy.cfg")

    def run(self, name, *words):
        with open(f"{self.folder}/{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen([*self.user, *words], stdout=log, stderr=log,
                                                    env=self.env, cwd=self.folder, start_new_session=True)

    def member(self, name):
        port, self.rest[name] = free_port(), free_port()
        Path(f"{self.folder}/{name}.yml").write_text(CONFIG.format(
            name=name, rest=self.rest[name], etcd=self.etcd, port=port, folder=self.folder,
            programs=with_postgres.server_folder()))
        self.run(name, "patroni", f"{self.folder}/{name}.yml")
        return f"\tserver {name} 127.0.0.1:{port} check port {self.rest[name]}\n"

    def log(self):
        return "".join(f"== {name}\n" + Path(f"{self.folder}/{name}.log").read_text()[-3000:]
                       for name in self.processes)

    def is_a(self, name, role):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rest[name]}/{role}", timeout=5) as answer:
                return answer.status == 200 and json.load(answer).get("state") == "running"
        except (urllib.error.URLError, OSError):
            return False

    def wait(self, condition):
        """What the condition says, when it is no longer nothing."""
        end = time.monotonic() + PATIENCE
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > end:
                raise RuntimeError(self.log())
            time.sleep(0.2)

    def primary(self):
        return self.wait(lambda: next((name for name in self.rest if self.is_a(name, "primary")), None))

    def standby(self):
        return self.wait(lambda: next((name for name in self.rest
                                       if self.is_a(name, "synchronous")), None))

    def make(self, database):
        where = f"host=127.0.0.1 port={self.port} user=tests password=tests"
        self.wait(lambda: subprocess.run(["psql", f"{where} dbname=postgres", "-qc",
                                          f"CREATE DATABASE {database}"], check=False,
                                         capture_output=True).returncode == 0)
        return f"{where} dbname={database} connect_timeout=5"

    def power_off(self, name):
        """Patroni, PostgreSQL and all: nothing is said to anybody."""
        group = self.processes.pop(name)
        server = int(Path(f"{self.folder}/{name}/postmaster.pid").read_text().split()[0])
        os.killpg(group.pid, signal.SIGKILL)
        try:
            os.killpg(server, signal.SIGKILL)
        except ProcessLookupError:
            os.kill(server, signal.SIGKILL)
        group.wait()

    def end(self):
        for name in ("one", "two", "haproxy", "etcd"):
            process = self.processes.get(name)
            if process is not None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(60)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
