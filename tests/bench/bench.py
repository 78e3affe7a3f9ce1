#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What jobs cost on virtual keys, beside the least that the command set allows.

    tests/bench/bench.py --build BUILD               commands, bytes and CPU time
    tests/bench/bench.py --build BUILD --counts      commands and bytes only; quick
    tests/bench/bench.py --build BUILD --full-speed  also what a person would feel on a USB key

Exit status 1 when a count misses its goal; times are printed and judged by the reader.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

APPLICATION = "OpenUKey-Rehearsal"
PIN = "123456"
CONTAINERS = ["unit-1", "unit-2"]
# openssl's options to make a key and to sign with it
KINDS = {
    "RSA-2048": (["RSA", "-pkeyopt", "rsa_keygen_bits:2048"], ["-sha256"]),
    "SM2": (["SM2"], ["-sm3", "-sigopt", "distid:1234567812345678"]),
}
CONTAINER_COUNTS = (1, 8, 25)
READER_COUNTS = (1, 16)
CALLS = 200  # of rates.c
MODELS = {"V0": "right kept until cleared", "VC": "right cleared after each use"}


class Cost(NamedTuple):
    commands: int
    sent: int
    answered: int
    ms: float = 0

    def __add__(self, other):
        return Cost(*(a + b for a, b in zip(self, other)))


def command(data, answer):
    """The least one command takes: bytes of command data and of the answer's data."""
    long = data > 255 or answer > 256
    sent = 4 + (data + (3 if long else 1) if data else 0)
    if answer:
        sent += (2 if data else 3) if long else 1
    return Cost(1, sent, answer + 2)


def total(costs):
    return sum(costs, Cost(0, 0, 0))


def least(kind, model, cert_len):
    """By job: open application, list containers, and so on, with nothing asked twice."""
    login = command(0, 8) + command(2 + 16, 0)
    sign = command(4 + 51, 256) if kind == "RSA-2048" else command(4 + 32, 68)
    export = command(4, 4 + cert_len)
    container = command(2 + len(CONTAINERS[0]), 2) + export + export
    return {
        "list-certificates": command(len(APPLICATION), 10)
                             + command(2, total_names())
                             + total([container] * len(CONTAINERS)),
        "slot-list": total([]),
        "fifty-sessions": total([]),
        "token-info": command(0, 288) + command(2, 3),
        "log-in-and-sign": login + sign,
        "sign-again": sign if model == "V0" else login + sign,
    }


def total_names():
    return sum(len(name) + 1 for name in CONTAINERS)


def list_goal(containers):
    return 4 + 3 * containers


def goals(model):
    return {
        "list-certificates": list_goal(len(CONTAINERS)),
        "slot-list": 0,
        "fifty-sessions": 0,
        "token-info": 2,
        "log-in-and-sign": 3,
        "sign-again": 1 if model == "V0" else 3,
    }


def run(argv, **options):
    done = subprocess.run([str(word) for word in argv], text=True, capture_output=True,
                          check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{argv[0]}: {done.stdout}{done.stderr}")
    return done.stdout


class Bench:
    def __init__(self, build, folder):
        self.build = build
        self.folder = folder
        self.key_program = build / "virtual/key/openukey-virtual-key"
        self.desk = [build / "virtual/rehearsal/openukey-rehearsal"]
        self.cost = build / "tests/bench/cost"
        self.module = build / "pkcs11/openukey-pkcs11.so"
        self.service = folder / "pcsc"

    def rehearsal(self, verb, *words):
        return run([*self.desk, verb, self.service, *words])

    def certificate(self, kind):
        """(key, certificate in DER) of an invented unit; the same for all containers."""
        key, cert = self.folder / f"{kind}.key", self.folder / f"{kind}.der"
        if not cert.exists():
            run(["openssl", "genpkey", "-out", key, "-algorithm", *KINDS[kind][0]])
            run(["openssl", "req", "-x509", "-new", "-key", key, *KINDS[kind][1], "-out", cert,
                 "-outform", "DER", "-days", "30", "-utf8", "-subj",
                 "/C=CN/L=演练市/O=虚拟示例有限公司/CN=虚拟示例有限公司"])
        return key, cert

    def new_key(self, kind, model):
        key, cert = self.certificate(kind)
        state = self.folder / f"{kind}-{model}.key-state"
        options = []
        for name in CONTAINERS:
            options += ["--container", name, "--sign-key", key, "--sign-cert", cert,
                        "--enc-key", key, "--enc-cert", cert]
        run([self.key_program, "provision", "--state", state, "--model", model,
             "--application", APPLICATION, "--pin", PIN, *options])
        return state, cert.stat().st_size

    def key_of(self, containers):
        """A key with so many containers, one certificate in each."""
        key, cert = self.certificate("SM2")
        state = self.folder / f"containers-{containers}.key-state"
        for i in range(containers):
            run([self.key_program, "provision", "--state", state, "--application", APPLICATION,
                 "--pin", PIN, "--container", f"unit-{i}", "--sign-key", key, "--sign-cert", cert,
                 "--enc-key", key])
        return state

    def calls_of_list(self, readers):
        """System calls of a process that asks for the slot list CALLS times; None: no strace."""
        service = self.folder / f"readers-{readers}"
        result = self.folder / "strace"
        run([*self.desk, "start", service, readers])
        done = subprocess.run(["strace", "-f", "-c", "-o", result,
                               self.build / "tests/bench/rates", "list", self.module, ""],
                              env={"PCSCLITE_CSOCK_NAME": str(service / "run/pcscd.comm"),
                                   "OPENUKEY_POLICY": "/dev/null"},
                              check=False, capture_output=True, stdin=subprocess.DEVNULL)
        run([*self.desk, "stop", service])
        found = re.search(r"^100\.00 +\S+ +\S+ +(\d+)", result.read_text(), re.MULTILINE)
        return int(found[1]) if done.returncode == 0 and found else None

    def measure(self, state, rounds, *options):
        """Plugs the key in, does the jobs in a fresh process, pulls it: (costs by job, cpu)."""
        self.rehearsal("plug", 0, state, *options)
        output = run([self.cost, self.module, self.service / "run/00.ctl", rounds],
                     input=PIN + "\n",
                     env={"PCSCLITE_CSOCK_NAME": str(self.service / "run/pcscd.comm"),
                          "OPENUKEY_POLICY": "/dev/null", "XDG_RUNTIME_DIR": str(self.folder)})
        self.rehearsal("pull", 0)
        jobs, cpu = {}, None
        for line in output.splitlines():
            word, *fields = line.split("\t")
            if word == "job":
                jobs[fields[0]] = Cost(*map(int, fields[1:4]), float(fields[4]))
            elif word == "cpu":
                cpu = tuple(map(float, fields))
        return jobs, cpu


def report(bench, kind, model, args):
    """Prints one key's table; the jobs that miss their goal."""
    state, cert_len = bench.new_key(kind, model)
    jobs, cpu = bench.measure(state, args.rounds)
    felt = bench.measure(state, 0, "--timing", "full-speed")[0] if args.full_speed else {}
    goal, floor, missed = goals(model), least(kind, model, cert_len), []
    print(f"\n{kind} key, model {model} ({MODELS[model]}), {len(CONTAINERS)} containers, "
          f"certificates of {cert_len} bytes")
    print(f"  {'job':20} {'commands':>8} {'least':>6} {'goal':>5} {'sent':>7} {'least':>6} "
          f"{'answered':>9} {'least':>6}" + (f" {'ms felt':>9}" if felt else ""))
    for name, cost in jobs.items():
        mark = " MISSED" if cost.commands > goal[name] else ""
        missed += [f"{kind} {model} {name}: {cost.commands} > {goal[name]}"] if mark else []
        feel = f" {felt[name].ms:9.0f}" if felt else ""
        print(f"  {name:20} {cost.commands:8} {floor[name].commands:6} {goal[name]:5} "
              f"{cost.sent:7} {floor[name].sent:6} {cost.answered:9} "
              f"{floor[name].answered:6}{feel}{mark}")
    if cpu:
        print(f"  CPU time: bare exchange {cpu[2]:.1f} us; C_Sign {cpu[0]:.1f} us, "
              f"{cpu[0] / cpu[2]:.2f} times (goal 1.20); with C_SignInit {cpu[1]:.1f} us, "
              f"{cpu[1] / cpu[2]:.2f} times")
    return missed


def report_growth(bench):
    """Counts that must not grow faster than what they are for; those that do."""
    missed = []
    print(f"\n  {'containers':20} {'commands to list':>16} {'goal':>5}")
    for count in CONTAINER_COUNTS:
        commands = bench.measure(bench.key_of(count), 0)[0]["list-certificates"].commands
        goal = list_goal(count)
        mark = " MISSED" if commands > goal else ""
        missed += [f"{count} containers: {commands} > {goal}"] if mark else []
        print(f"  {count:20} {commands:16} {goal:5}{mark}")
    if not shutil.which("strace"):
        return missed
    few, many = map(bench.calls_of_list, READER_COUNTS)
    if few is None or many is None:
        print("  strace cannot trace here: system calls are not counted")
        return missed
    print(f"  system calls of C_GetSlotList(NULL): {few / CALLS:.1f} with {READER_COUNTS[0]} "
          f"reader, {many / CALLS:.1f} with {READER_COUNTS[1]}")
    if many - few > CALLS:
        missed.append(f"system calls of the slot list: {few} to {many}")
    return missed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--counts", action="store_true", help="no CPU time")
    parser.add_argument("--full-speed", action="store_true",
                        help="again with the timing of a full-speed USB key")
    parser.add_argument("--rounds", type=int, default=50, help="signatures per turn")
    args = parser.parse_args()
    if args.counts:
        args.rounds = 0
    missed = []
    with tempfile.TemporaryDirectory(prefix="ouk-bench-") as folder:
        bench = Bench(args.build.resolve(), Path(folder))
        bench.rehearsal("start", 1)
        try:
            for kind in KINDS:
                for model in MODELS:
                    missed += report(bench, kind, model, args)
            missed += report_growth(bench)
        finally:
            bench.rehearsal("stop")
    for text in missed:
        print(f"goal missed: {text}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
