# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole service as a CA would run it, on loopback: nginx in front of several openukey-certd, a worker,
openukey-unlockd with SoftHSM, openukey-issuerd; on SQLite or on a PostgreSQL that syncs each commit."""
import hashlib
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

TREE = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TREE / "tests/service"))
import with_postgres  # noqa: E402  pylint: disable=wrong-import-position
from unlock_case import environment  # noqa: E402  pylint: disable=wrong-import-position

UNIT = "91110000TEST000001"
PAY_KEY = "sandbox-pay-key"
TEXTS = [{"id": name, "version": "1", "sha256": hashlib.sha256(name.encode()).hexdigest()}
         for name in ("agreement", "privacy", "risk")]
PROFILE = {"name": "rehearsal", "offset": 28800, "renew_before": 30, "renew_after": 60,
           "years": [1, 2], "prices": {"renewal": 22000, "new": 22000, "lost": 10000}, "texts": TEXTS}
SOFTHSM = os.environ.get("SOFTHSM_MODULE", "/usr/lib/softhsm/libsofthsm2.so")
DISTID = "distid:1234567812345678"
TICK = os.sysconf("SC_CLK_TCK")


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, **more).stdout


def free_port():
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return link.getsockname()[1]


def wait_for(what, condition, process=None, limit=60):
    end = time.monotonic() + limit
    while not condition():
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"{what} has ended")
        if time.monotonic() > end:
            raise RuntimeError(f"{what} does not get there")
        time.sleep(0.02)


def listens(where):
    try:
        with socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET) as link:
            link.settimeout(5)
            link.connect(where)
            return True
    except OSError:
        return False


def children(pid):
    """The process and all below it."""
    found, todo = set(), [pid]
    while todo:
        one = todo.pop()
        found.add(one)
        try:
            todo += [int(child) for child in
                     Path(f"/proc/{one}/task/{one}/children").read_text().split()]
        except OSError:
            pass
    return found


def cpu_of(pid):
    """Seconds of CPU time, those of children that have ended included."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK


class Postgres:
    """A server that syncs, as in production; with_postgres.py's does not."""

    def __init__(self, folder):
        self.folder = f"{folder}/pg"
        os.mkdir(self.folder)
        os.chmod(self.folder, 0o777)
        os.chmod(folder, 0o755)
        self.data = f"{self.folder}/data"
        self.programs = with_postgres.server_folder()
        self.user = with_postgres.user_of_server()
        env = {**os.environ, "LC_ALL": "C.UTF-8"}
        env.pop("LD_PRELOAD", None)
        run(*self.user, f"{self.programs}/initdb", "-D", self.data, "-U", "tests", "-A", "trust", "-E",
            "UTF8", "--no-sync", env=env, cwd=self.folder)
        with open(f"{self.data}/postgresql.auto.conf", "a", encoding="ascii") as settings:
            settings.write("listen_addresses=''\nmax_connections=100\nshared_buffers=512MB\n"
                           "max_wal_size=4GB\nfsync=on\nsynchronous_commit=on\n"
                           f"unix_socket_directories='{self.folder}'\n")
        self.control = [*self.user, f"{self.programs}/pg_ctl", "-D", self.data, "-s", "-w", "-l",
                        f"{self.folder}/log"]
        subprocess.run([*self.control, "start"], check=True, env=env, cwd=self.folder)
        self.pid = int(Path(f"{self.data}/postmaster.pid").read_text().split()[0])

    def make(self, name):
        self.sql("postgres", f"CREATE DATABASE {name}")
        return f"host={self.folder} user=tests dbname={name}"

    def sql(self, database, statement):
        return run("psql", "-h", self.folder, "-U", "tests", "-d", database, "-Atq", "-v",
                   "ON_ERROR_STOP=1", "-c", statement).decode()

    def end(self):
        subprocess.run([*self.control, "-m", "immediate", "stop"], check=False, cwd=self.folder)


class Rig:
    """Made on one engine; `with` ends it."""

    def __init__(self, build, engine="sqlite", nodes=2, folder=None):
        self.build, self.engine, self.nodes = Path(build), engine, nodes
        self.folder = tempfile.mkdtemp(prefix="openukey-load-", dir=folder)
        self.processes, self.postgres = {}, None
        self.port = free_port()

    def __enter__(self):
        try:
            if self.engine == "postgresql":
                self.postgres = Postgres(self.folder)
            self.keys()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes.values()):
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.wait()
        if self.postgres is not None:
            self.postgres.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def file(self, name):
        return f"{self.folder}/{name}"

    def program(self, name):
        folder = {"certadm": "admin", "certd": "certd", "unlockd": "unlock", "issuerd": "issue"}[name]
        return str(self.build / f"service/{folder}/openukey-{name}")

    # ---- what has to be there first ----

    def keys(self):
        os.chmod(self.folder, 0o755)
        for name in ("tokens", "operators", "spool", "post"):
            os.mkdir(self.file(name))
        for name in ("wang", "zhao"):
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                self.file(f"{name}.key"))
            run("openssl", "pkey", "-in", self.file(f"{name}.key"), "-pubout", "-out",
                self.file(f"operators/{name}.pem"))
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=localhost", "-days", "30", "-keyout", self.file("tls.key"), "-out",
            self.file("tls.pem"))
        self.certificates()
        Path(self.file("profile.json")).write_text(json.dumps(PROFILE))
        person = {"unit": "unit", "legal_name": "name", "legal_phone": "13800138000"}
        Path(self.file("identities.json")).write_text(json.dumps({UNIT: person}))
        for name, text in (("pay.key", PAY_KEY), ("pin", "hsm-pin-4711")):
            Path(self.file(name)).write_text(text + "\n")
            os.chmod(self.file(name), 0o600)
        Path(self.file("softhsm2.conf")).write_text(
            f"directories.tokendir = {self.folder}/tokens\nobjectstore.backend = file\n")
        os.environ["SOFTHSM2_CONF"] = self.file("softhsm2.conf")
        run("softhsm2-util", "--init-token", "--free", "--label", "unlock", "--pin", "hsm-pin-4711",
            "--so-pin", "so-pin-4711")
        run(self.program("certadm"), "make-key", self.file("vault.key"), env=environment())

    def certificates(self):
        """A CA with SM2, an old certificate of its own, a request for the new one."""
        for name in ("ca", "old", "new"):
            run("openssl", "genpkey", "-algorithm", "SM2", "-out", self.file(f"{name}.key"))
        words = ["-sm3", "-sigopt", DISTID]
        run("openssl", "req", "-x509", "-new", "-key", self.file("ca.key"), *words, "-subj",
            "/C=CN/O=Rehearsal/CN=Rehearsal CA", "-days", "3650", "-out", self.file("ca.pem"))
        for name in ("old", "new"):
            run("openssl", "req", "-new", "-key", self.file(f"{name}.key"), *words, "-subj", "/CN=unit",
                "-out", self.file(f"{name}.csr"))
        run("openssl", "req", "-in", self.file("new.csr"), "-outform", "DER", "-out",
            self.file("new.csr.der"))
        Path(self.file("index.txt")).write_text("")
        Path(self.file("ca.cnf")).write_text(
            f"[ca]\ndefault_ca=c\n[c]\ndatabase={self.folder}/index.txt\nrand_serial=yes\n"
            f"new_certs_dir={self.folder}\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n")
        end = (datetime.now(timezone.utc) + timedelta(days=10)).strftime("%Y%m%d%H%M%SZ")
        run("openssl", "ca", "-batch", "-config", self.file("ca.cnf"), "-cert", self.file("ca.pem"),
            "-keyfile", self.file("ca.key"), "-md", "sm3", "-sigopt", DISTID, "-vfyopt", DISTID, "-in",
            self.file("old.csr"), "-startdate", "20240101000000Z", "-enddate", end, "-out",
            self.file("old.pem"))
        run("openssl", "x509", "-in", self.file("old.pem"), "-outform", "DER", "-out",
            self.file("old.der"))
        # The name /CN=unit in DER.
        Path(self.file("subject.der")).write_bytes(bytes.fromhex("300f310d300b06035504030c04") + b"unit")

    # ---- processes ----

    def where(self, name):
        if self.postgres is not None:
            return self.postgres.make(name)
        return f"sqlite:{self.folder}/{name}.db"

    def spawn(self, name, *words, ready):
        self.processes[name] = subprocess.Popen(words, env=environment())
        wait_for(name, ready, self.processes[name])

    def start(self):
        hsm = ["--module", SOFTHSM, "--token", "unlock", "--pin-file", self.file("pin")]
        run(self.program("unlockd"), "init", *hsm, env=environment())
        self.spawn("unlockd", self.program("unlockd"), "run", *hsm, "--store", self.where("unlock"),
                   "--vault", self.file("vault.key"), "--operators", self.file("operators"), "--socket",
                   self.file("unlockd.sock"), "--spool", self.file("spool"),
                   ready=lambda: listens(self.file("unlockd.sock")))
        self.spawn("issuerd", self.program("issuerd"), "run", "--ca-cert", self.file("ca.pem"),
                   "--ca-key", self.file("ca.key"), "--operators", self.file("operators"), "--profile",
                   self.file("profile.json"), "--store", self.where("issue"), "--socket",
                   self.file("issuerd.sock"), ready=lambda: listens(self.file("issuerd.sock")))
        self.common = ["--store", self.where("orders"), "--vault", self.file("vault.key"), "--profile",
                       self.file("profile.json"), "--operators", self.file("operators"), "--identities",
                       self.file("identities.json"), "--pay-key", self.file("pay.key"), "--unlock",
                       self.file("unlockd.sock"), "--issue", self.file("issuerd.sock")]
        for number in range(self.nodes):
            self.node(number)
        self.processes["worker"] = subprocess.Popen([
            self.program("certd"), "work", "--node", "worker", "--spool", self.file("post"),
            *self.common], env=environment())
        self.nginx()

    def node(self, number):
        path = self.file(f"http-{number}")
        self.spawn(f"certd-{number}", self.program("certd"), "serve", "--node", f"n{number}",
                   "--listen", f"unix:{path}", "--behind-proxy", "yes", *self.common,
                   ready=lambda: listens(path))

    def nginx(self):
        """The configuration we ship, with this rig's sockets, port and certificate."""
        text = (TREE / "service/certd/nginx.conf").read_text()
        server = "\tserver unix:/run/openukey-certd/http max_fails=0;\n"
        assert server in text
        text = text.replace(server, "".join(
            server.replace("/run/openukey-certd/http", self.file(f"http-{number}"))
            for number in range(self.nodes)))
        text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port} ssl http2;\n"
                            f"\tssl_certificate {self.folder}/tls.pem;\n"
                            f"\tssl_certificate_key {self.folder}/tls.key;")
        user = f"user {pwd.getpwuid(os.getuid()).pw_name};\n" if os.getuid() == 0 else ""
        Path(self.file("nginx.conf")).write_text(
            f"{user}daemon off;\nworker_processes 2;\npid {self.folder}/nginx.pid;\n"
            f"error_log {self.folder}/error.log;\nevents {{ worker_connections 1024; }}\n"
            f"http {{\naccess_log off;\n" + "".join(
                f"{kind}_temp_path {self.folder}/{kind};\n"
                for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")) + text + "}\n")
        self.spawn("nginx", "nginx", "-e", self.file("error.log"), "-p", self.folder, "-c",
                   self.file("nginx.conf"), ready=lambda: listens(("127.0.0.1", self.port)))

    # ---- what it does ----

    def cpu(self):
        """CPU seconds of each part."""
        used = {}
        for name, process in self.processes.items():
            part = name.split("-")[0]
            used[part] = used.get(part, 0) + sum(map(cpu_of, children(process.pid)))
        if self.postgres is not None:
            used["postgres"] = sum(map(cpu_of, children(self.postgres.pid)))
        return used

    def health(self):
        """The HTTP status of a request through nginx."""
        link = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=60,
            context=ssl._create_unverified_context())  # pylint: disable=protected-access
        try:
            link.request("GET", "/v1/health")
            return link.getresponse().status
        finally:
            link.close()

    def load(self, job, count, clients, prefix):
        settings = {"job": job, "folder": self.folder, "texts": json.dumps({"texts": TEXTS}),
                    "pay_key": PAY_KEY, "clients": clients, "count": count, "port": self.port, "tls": True,
                    "prefix": prefix, "unlock_socket": self.file("unlockd.sock"),
                    "spool": self.file("spool")}
        Path(self.file("load.json")).write_text(json.dumps(settings))
        before = self.cpu()
        done = subprocess.run([str(self.build / "tests/bench/service/load"), self.file("load.json")],
                              stdout=subprocess.PIPE, check=False, env=environment())
        after = self.cpu()
        figures = json.loads(done.stdout) if done.stdout else {"done": 0}
        figures["cpu_s"] = {part: after[part] - before[part] for part in after}
        figures["failed"] = done.returncode != 0
        return figures
