#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What our module costs beside OpenSC's, ykcs11 and SoftHSM's, in turns in one run.

    tests/bench/peers.py --build BUILD           all tables; some four minutes
    tests/bench/peers.py --build BUILD --smoke   each job once and short: does the bench work?
    tests/bench/peers.py --build BUILD --only cold,calls

Ours works with virtual keys, OpenSC's and ykcs11 with piv_card, SoftHSM's with its own token.
Figures are printed and not judged by the exit status, except those that are counts.
"""
import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.dont_write_bytecode = True
from bench import APPLICATION, PIN, Bench, run  # noqa: E402

LIBRARIES = {"OpenSC": "opensc-pkcs11.so", "ykcs11": "libykcs11.so.2",
             "SoftHSM": "softhsm/libsofthsm2.so"}
FOLDERS = ["/usr/lib/*", "/usr/lib", "/usr/lib64"]
TOKEN = "bench"
FEW, MANY = 1, 50  # items
NOT_MEASURED = "-"
CARDS = ["OpenSC", "ykcs11"]  # those that have a card to talk to
YKCS11_SESSIONS = 10  # it refuses more than 16
CPU_TIMES = {"cpu", "bare-cpu", "slot-list", "token-info", "session-info", "open", "use", "close",
             "first", "again", "pick"}
LESSON_COLD = (2.7, 3.4 * 1024)  # ms and KiB: ykcs11 on an idle machine


class Module(NamedTuple):
    """A module with what it can drive."""
    name: str
    path: Path
    label: str = ""
    env: dict = {}
    control: Path = None  # of the card, which counts
    bare: str = ""  # of the jobs that compare with SCardTransmit


def library(name):
    for folder in FOLDERS:
        for path in sorted(Path("/").glob(f"{folder}/{LIBRARIES[name]}"[1:])):
            return path
    return None


class Piv:
    """A service of its own, whose reader has a name that ykcs11 accepts, with a PIV card in it."""

    def __init__(self, bench, key, certificate):
        self.folder = bench.folder / "piv"
        self.run = self.folder / "run"
        for part in ("conf", "drivers"):
            (self.run / part).mkdir(parents=True)
        shutil.copy(bench.build / "drivers/ifd/libifd-openukey.so", self.run)
        inside = run(["sh", "-c", "pcscd --version | sed -n 's/.*ipcdir=\\([^ ]*\\).*/\\1/p'"])
        inside = inside.strip()
        (self.run / "conf/readers").write_text(
            'FRIENDLYNAME "Yubico-like virtual reader"\n'
            f"DEVICENAME /dev/null:{inside}/00.sock\n"
            f"LIBPATH {inside}/libifd-openukey.so\nCHANNELID 0\n")
        self.processes = []
        namespace = ["--mount"] if os.getuid() == 0 else ["--mount", "--user", "--map-root-user"]
        self.start(["unshare", *namespace, "--propagation", "private", "--", *bench.desk,
                    "inside", self.folder, inside, "piv", "--die-with-parent"])
        self.start([bench.build / "tests/bench/piv_card", self.run / "00.sock",
                    self.run / "00.ctl", key, certificate, PIN])
        self.env = {"PCSCLITE_CSOCK_NAME": str(self.run / "pcscd.comm"),
                    "OPENSC_CONF": "/dev/null"}
        wait = bench.build / "virtual/rehearsal/openukey-rehearsal-wait"
        for _ in range(500):
            if (self.run / "pcscd.comm").exists() and (self.run / "00.ctl").exists():
                break
            time.sleep(0.02)
        run([wait, "Yubico", "present", "10"], env={**os.environ, **self.env})

    def start(self, argv):
        with open(self.folder / "log", "ab") as log:
            self.processes.append(subprocess.Popen([str(word) for word in argv], stdout=log,
                                                   stderr=log))

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()


class Soft:
    """SoftHSM's folder with a token in it."""

    def __init__(self, folder, path):
        self.path = path
        self.folder = folder
        (folder / "tokens").mkdir(parents=True)
        conf = folder / "softhsm2.conf"
        conf.write_text(f"directories.tokendir = {folder}/tokens\n")
        self.env = {"SOFTHSM2_CONF": str(conf)}

    def fill(self, key, certificate, pairs):
        """A token with so many key pairs, four certificates to two of them as on our key."""
        run(["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN,
             "--so-pin", "bench-so-pin"], env={**os.environ, **self.env})
        for i in range(1, pairs + 1):
            number = f"{i:02x}"
            run(["softhsm2-util", "--import", key, "--token", TOKEN, "--label", f"key {number}",
                 "--id", number, "--pin", PIN], env={**os.environ, **self.env})
            for copy in ("a", "b"):
                if certificate:
                    run(["pkcs11-tool", "--module", self.path, "--token-label", TOKEN, "--login",
                         "--pin", PIN, "--write-object", certificate, "--type", "cert", "--id",
                         number, "--label", f"certificate {number} {copy}"],
                        env={**os.environ, **self.env})
        return self


class Peers:
    def __init__(self, bench, args):
        self.bench = bench
        self.args = args
        self.ours = Module("ours", bench.module, env=self.our_env(bench.service),
                           control=bench.service / "run/00.ctl", bare="-bare")
        self.modules = []
        self.piv = None
        self.desks = []
        self.missed = []
        self.failed = False  # a job of ours did not do what is measured
        self.section = ""
        self.key, self.certificate = bench.certificate("RSA-2048")
        pem = bench.folder / "pkcs8.key"
        run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", self.key, "-out", pem])
        self.key = pem

    def our_env(self, service):
        return {"PCSCLITE_CSOCK_NAME": str(service / "run/pcscd.comm"),
                "OPENUKEY_POLICY": "/dev/null", "XDG_RUNTIME_DIR": str(self.bench.folder)}

    def start(self):
        """Finds the modules and gives each what it can drive."""
        bench = self.bench
        state, _ = bench.new_key("RSA-2048", "V0")
        bench.rehearsal("plug", 0, state)
        self.modules = [self.ours]
        found = {name: library(name) for name in LIBRARIES}
        if found["OpenSC"] or found["ykcs11"]:
            self.piv = Piv(bench, self.key, self.certificate)
            for name in ("OpenSC", "ykcs11"):
                if found[name]:
                    self.modules.append(Module(name, found[name], env=self.piv.env, bare="-bare-piv",
                                               control=self.piv.run / "00.ctl"))
        if found["SoftHSM"] and shutil.which("softhsm2-util") and shutil.which("pkcs11-tool"):
            soft = Soft(bench.folder / "soft", found["SoftHSM"])
            soft.fill(self.key, self.certificate, 2)
            self.modules.append(Module("SoftHSM", found["SoftHSM"], TOKEN, soft.env))
        for name in LIBRARIES:
            if name not in [module.name for module in self.modules]:
                print(f"{name}: not installed, not measured")

    def stop(self):
        for service in list(self.desks):
            self.desk_stop(service)
        if self.piv:
            self.piv.stop()

    def desk_start(self, service, readers):
        self.desks.append(service)
        run([*self.bench.desk, "start", service, readers])

    def desk_stop(self, service):
        run([*self.bench.desk, "stop", service])
        self.desks.remove(service)

    # ---- measuring ----

    def ask(self, program, *words, env=None):
        """What a program of ours printed: {name: figure}. None when the module failed."""
        done = subprocess.run([str(self.bench.build / "tests/bench" / program),
                               *map(str, words)], text=True, capture_output=True, check=False,
                              input=PIN + "\n", env={"HOME": str(self.bench.folder),
                                                     **(env or {})})
        if done.returncode != 0:
            self.failed = self.failed or str(self.ours.path) in map(str, words)
            print(f"  ({' '.join(map(str, words))}: {done.stderr.strip()})")
            return None
        return {name: float(figure) for name, figure in map(str.split, done.stdout.splitlines())}

    def turns(self, jobs, rounds):
        """jobs: {column: function}. Each in turn, `rounds` times: {column: {name: median}}; of
        CPU time the least, as other programs can only add to it."""
        seen = {column: [] for column in jobs}
        for i in range(1 if self.args.smoke else rounds):
            order = list(jobs)
            for column in order[i % len(order):] + order[:i % len(order)]:
                figures = jobs[column]()
                if figures:
                    seen[column].append(figures)
        return {column: {name: (min if name in CPU_TIMES else statistics.median)(
            row[name] for row in rows) for name in rows[0]}
                for column, rows in seen.items() if rows}

    # ---- printing ----

    def title(self, text, columns):
        print(f"\n{text}\n  {'':36}" + "".join(f"{column:>10}" for column in columns) + "  goal")
        self.section = text

    def row(self, text, figures, goal="", met=None, digits=2):
        cells = "".join(f"{NOT_MEASURED:>10}" if figure is None else f"{figure:10.{digits}f}"
                        for figure in figures)
        verdict = "" if met is None else ": met" if met else ": NOT MET"
        print(f"  {text:36}{cells}  {goal}{verdict}".rstrip())
        if met is False:
            self.missed.append(f"{self.section.split(':')[0]}: {text}")

    def plain(self, text, seen, name, digits=2):
        """A row without a goal."""
        self.row(text, [seen.get(column, {}).get(name) for column in self.columns()],
                 digits=digits)

    def best(self, text, seen, name, digits=2, more=False, among=None):
        """A row whose goal is to be no worse than the best stranger of those named."""
        figures = {column: seen.get(column, {}).get(name) for column in self.columns()}
        rivals = [figures[column] for column in among or self.columns()[1:]
                  if figures.get(column) is not None]
        ours, met, goal = figures["ours"], None, ""
        if rivals and ours is not None:
            limit = max(rivals) if more else min(rivals)
            met = ours >= limit if more else ours <= limit
            goal = f"{'at least' if more else 'at most'} {limit:.{digits}f}"
        self.row(text, figures.values(), goal, met, digits)

    def linear(self, text, few, many, name):
        figures = [many[c][name] / few[c][name] if c in few and c in many and few[c][name] else None
                   for c in self.columns()]
        self.row(text, figures, "at most 1.5", figures[0] is None or figures[0] <= 1.5)

    def columns(self):
        return [module.name for module in self.modules]

    # ---- tables ----

    def cold(self):
        empty = Soft(self.bench.folder / "soft-empty", None)
        service = self.bench.folder / "bare-pcsc"
        self.desk_start(service, 1)
        for title, socket in (("Cold start, no key", service / "run/pcscd.comm"),
                              ("Cold start, no pcscd", self.bench.folder / "nothing")):
            env = {"PCSCLITE_CSOCK_NAME": str(socket), "OPENUKEY_POLICY": "/dev/null",
                   "OPENSC_CONF": "/dev/null", **empty.env}
            jobs = {module.name: lambda m=module, e=env: self.ask("cold", m.path, "-", env=e)
                    for module in self.modules}
            seen = self.turns(jobs, 21)
            self.cold_rows(f"{title}: dlopen to C_Finalize", seen, None)
            self.row("  also: wall, ms; most memory, KiB", [], f"{LESSON_COLD[0]}, "
                     f"{LESSON_COLD[1]}", seen["ours"]["wall"] <= LESSON_COLD[0] and
                     seen["ours"]["rss"] <= LESSON_COLD[1])
        self.desk_stop(service)
        jobs = {module.name: lambda m=module: self.ask("cold", m.path, m.label, env=m.env)
                for module in self.modules}
        self.cold_rows("Cold start, four certificates read: dlopen to C_Finalize",
                       self.turns(jobs, 21), CARDS)

    def cold_rows(self, title, seen, rivals):
        self.title(title, self.columns())
        self.best("wall, ms", seen, "wall", among=rivals)
        self.best("CPU, ms", seen, "cpu", among=rivals)
        for part in ("load", "init", "slots", "use"):
            self.plain(f"  of which {part}, ms", seen, part)
        self.best("most memory, KiB", seen, "rss", digits=0)

    def counts(self):
        cost = self.bench.build / "tests/bench/cost"
        tables = {}
        for module in self.modules:
            if not module.control:
                continue
            done = subprocess.run([cost, module.path, module.control, "0"], text=True, check=False,
                                  input=PIN + "\n", capture_output=True, env=module.env)
            rows = [line.split("\t") for line in done.stdout.splitlines()]
            tables[module.name] = {row[1]: float(row[2]) for row in rows if row[0] == "job"}
        self.title("Commands a key gets: a USB key takes 1 to 20 ms for each", self.columns())
        for name in tables["ours"]:
            rivals = ["OpenSC"] if name == "token-info" else CARDS
            self.best(name.replace("-", " "), tables, name, digits=0, among=rivals)
        print("  ykcs11's token info and session info come from memory: no PIN flags, no look at "
              "the reader.")

    def calls(self):
        jobs = {module.name: lambda m=module: self.ask("rates", "calls", m.path, m.label, env=m.env)
                for module in self.modules}
        seen = self.turns(jobs, 7)
        self.title("Calls: CPU of the calling process, us", self.columns())
        self.best("C_GetSlotList(NULL)", seen, "slot-list", among=CARDS)
        ours = seen["ours"]["slot-list"]
        self.row("  the same", [ours], "under 100", ours < 100)
        self.best("C_GetTokenInfo", seen, "token-info", among=["OpenSC"])
        self.plain("C_GetSessionInfo", seen, "session-info")

    def sessions(self):
        self.title(f"Sessions, {FEW} to {MANY}: CPU us and bytes for each", self.columns())
        seen = {}
        for count in self.few_or([FEW, 10, MANY, 200]):
            jobs = {module.name: lambda m=module, n=count: self.ask(
                "rates", "sessions", m.path, m.label, n, env=m.env) for module in self.modules
                if module.name != "ykcs11" or count <= YKCS11_SESSIONS}
            seen[count] = self.turns(jobs, 5)
            self.plain(f"{count:3} sessions: open", seen[count], "open")
            self.best("     a search in each", seen[count], "use")
            self.plain("     close", seen[count], "close")
            rows = self.best if count >= MANY else self.plain  # small numbers hide in tables
            rows("     bytes", seen[count], "bytes", digits=0)
        last = MANY if MANY in seen else max(seen)
        for name in ("open", "use", "close"):
            self.linear(f"one of {last} : one of {FEW}, {name}", seen[FEW], seen[last], name)

    def few_or(self, counts):
        return counts[:2] if self.args.smoke else sorted(counts)

    def objects(self):
        jobs = {module.name: lambda m=module: self.ask("rates", "objects", m.path, m.label,
                                                       env=m.env) for module in self.modules}
        seen = self.turns(jobs, 7)
        self.title("Four certificates and their keys: CPU us for each object", self.columns())
        self.plain("objects", seen, "count", digits=0)
        self.plain("first look", seen, "first")
        self.best("later ones", seen, "again")
        self.best("finding the key that signs", seen, "pick")
        self.best("KiB of memory by then", seen, "rss", digits=0)
        print("  OpenSC and ykcs11 have read the card before their first look.")
        self.key_objects()

    def key_objects(self):
        """Two pairs in each of our containers."""
        soft = library("SoftHSM") if "SoftHSM" in self.columns() else None
        service = self.bench.folder / "desk-pairs"
        seen = {}
        self.desk_start(service, 1)
        self.title("Key pairs: CPU us and bytes for each object", self.columns())
        for pairs in self.few_or([2, 10, 26, MANY]):
            run([*self.bench.desk, "plug", service, 0, self.key_with(pairs // 2)])
            env = self.our_env(service)
            jobs = {"ours": lambda e=env: self.ask("rates", "objects", self.ours.path, "", env=e)}
            if soft:
                token = Soft(self.bench.folder / f"soft-{pairs}", soft)
                token.fill(self.key, None, pairs)
                jobs["SoftHSM"] = lambda t=token: self.ask("rates", "objects", t.path, TOKEN,
                                                           env=t.env)
            seen[pairs] = self.turns(jobs, 5)
            run([*self.bench.desk, "pull", service, 0])
            self.plain(f"{pairs:2} pairs: objects", seen[pairs], "count", digits=0)
            self.plain("    first look", seen[pairs], "first")
            self.best("    later ones", seen[pairs], "again")
            self.best("    finding the key that signs", seen[pairs], "pick")
            self.best("    KiB of memory by then", seen[pairs], "rss", digits=0)
        self.desk_stop(service)
        few, many = min(seen), max(seen)
        for name in ("first", "again"):
            self.linear(f"one of {many} pairs : one of 10, {name}", seen[10], seen[many], name)
        self.row(f"bytes for each object, {few} to {many} pairs",
                 [1024 * (seen[many][c]["heap"] - seen[few][c]["heap"]) /
                  (seen[many][c]["count"] - seen[few][c]["count"]) if c in seen[few] else None
                  for c in self.columns()], digits=0)

    def key_with(self, containers):
        state = self.bench.folder / f"pairs-{containers}.key-state"
        for i in range(containers):
            run([self.bench.key_program, "provision", "--state", state, "--application",
                 APPLICATION, "--pin", PIN, "--container", f"unit-{i:02}", "--sign-key", self.key,
                 "--sign-cert", self.certificate, "--enc-key", self.key,
                 *(["--space", "131072"] if i == 0 else [])])
        return state

    def tokens(self):
        self.title("Tokens: CPU us for each, and of C_GetSlotList(NULL) for all", ["ours"])
        seen = {}
        for count in self.few_or([1, 4, 16]):
            service = self.bench.folder / f"desk-{count}"
            self.desk_start(service, count)
            for i in range(count):
                state = self.bench.folder / f"token-{count}-{i}.key-state"
                shutil.copy(self.bench.folder / "RSA-2048-V0.key-state", state)
                run([*self.bench.desk, "plug", service, i, state])
            env = self.our_env(service)
            seen[count] = self.turns({"ours": lambda e=env: self.ask(
                "rates", "tokens", self.ours.path, "", env=e)}, 5)["ours"]
            self.desk_stop(service)
            slots = seen[count]["slot-list"]
            self.row(f"{count:2} tokens: certificates read", [seen[count]["first"]])
            self.row("    C_GetTokenInfo", [seen[count]["token-info"]])
            self.row("    C_GetSlotList(NULL)", [slots], "under 100", slots < 100)
        for name in ("first", "token-info"):
            ratio = seen[max(seen)][name] / seen[1][name]
            self.row(f"one of {max(seen)} : one, {name}", [ratio], "at most 1.5", ratio <= 1.5)

    def signature(self):
        """By turns in one process: what a module adds to the least that a signature costs."""
        jobs = {m.name: lambda m=m: self.ask("rates", m.bare.replace("-bare", "alternate"), m.path,
                                             m.label, 5 if self.args.smoke else 61, env=m.env)
                for m in self.modules if m.bare}
        seen = self.turns(jobs, 3)
        for figures in seen.values():
            figures["added"] = figures["wall"] - figures["bare-wall"]
            figures["added-cpu"] = figures["cpu"] - figures["bare-cpu"]
        self.title("One RSA-2048 signature: us beside bare SCardTransmit, in turns", self.columns())
        self.plain("wall", seen, "wall", digits=0)
        self.plain("  bare", seen, "bare-wall", digits=0)
        self.best("  added by the module", seen, "added", digits=0)
        self.plain("CPU of the calling process", seen, "cpu")
        self.plain("  bare", seen, "bare-cpu")
        self.best("  added by the module", seen, "added-cpu")

    def threads(self):
        seconds = 0.02 if self.args.smoke else 0.25
        self.title("RSA-2048 signatures, threads of one process: cards differ, so by bare "
                   "SCardTransmit", self.columns())
        for count in self.few_or([1, 4, 2, 8]):
            jobs = {m.name: lambda m=m: self.ask(
                "rates", "threads" + m.bare, m.path, m.label, count,
                seconds if m.bare else 8 * seconds, env=m.env) for m in self.modules}
            seen = self.turns(jobs, 1)
            self.plain(f"{count} threads: signatures/s", seen, "rate", digits=0)
            self.plain("   bare SCardTransmit/s, as many", seen, "bare", digits=0)
            self.best("   the module's share of that", seen, "share", more=True, among=CARDS)
            self.best("   CPU us for each", seen, "cpu", among=CARDS)

    def processes(self):
        seconds = 0.2 if self.args.smoke else 3
        self.title(f"Processes that sign at once for {seconds} s: by one process with one thread",
                   self.columns())
        for count in [2] if self.args.smoke else [2, 4]:
            jobs = {m.name: lambda m=m: self.ask("rates", "processes", m.path, m.label, count,
                                                 seconds, env=m.env) for m in self.modules}
            alone = {f"{m.name} alone": lambda m=m: self.ask(
                "rates", "threads", m.path, m.label, 1, min(1, seconds), env=m.env)
                for m in self.modules}
            seen = self.turns({**jobs, **alone}, 3)
            for name in jobs:
                if name not in seen:
                    continue
                figures = seen[name]
                figures["fair"] = 100 * figures["least"] * count / max(
                    1, figures["total"] * seconds)
                if f"{name} alone" in seen:
                    figures["share"] = figures["total"] / seen[f"{name} alone"]["rate"]
            self.plain(f"{count} processes: signatures/s", seen, "total", digits=0)
            self.plain("   by one alone", seen, "share")
            self.plain("   fewest by one", seen, "least", digits=0)
            self.plain("   most by one", seen, "most", digits=0)
            self.best("   fewest, % of a fair share", seen, "fair", digits=0, more=True,
                      among=CARDS)
            self.best("   longest wait of one, ms", seen, "longest", digits=1, among=CARDS)
            self.plain("   processes that failed", seen, "failed", digits=0)


TABLES = ["cold", "counts", "calls", "sessions", "objects", "tokens", "signature", "threads",
          "processes"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--smoke", action="store_true", help="each job once, and short")
    parser.add_argument("--only", default=",".join(TABLES), help=",".join(TABLES))
    args = parser.parse_args()
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # services are stopped on the way out
    with tempfile.TemporaryDirectory(prefix="ouk-peers-") as folder:
        bench = Bench(args.build.resolve(), Path(folder))
        bench.rehearsal("start", 1)
        peers = Peers(bench, args)
        try:
            peers.start()
            for table in args.only.split(","):
                getattr(peers, table)()
        finally:
            peers.stop()
            bench.rehearsal("stop")
    print(f"\n{len(peers.missed)} goals not met, {time.monotonic() - started:.0f} s")
    for text in peers.missed:
        print(f"  not met: {text}")
    return 1 if peers.failed else 0


if __name__ == "__main__":
    sys.exit(main())
