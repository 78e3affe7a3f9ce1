# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of ukey share: running it as a person or a script would, files, tokens."""

import json
import os
import pty
import select
import shutil
import subprocess
import tempfile
import termios
import time
import unittest

UKEY = os.environ.get("OPENUKEY_UKEY", "ukey")
CA = os.environ.get("OPENUKEY_REHEARSAL_CA", "openukey-rehearsal-ca")
UNIT = "示例果业有限公司"
SM2_ID = "1234567812345678"
TIMEOUT = 120

USAGE, NO_KEY, WRONG_PIN, LOCKED, BAD, REFUSED, UNSUPPORTED, KEY, FILE = range(1, 10)


def sanitizer():
    """ukey lets no other process look into it, so the sanitizer cannot look for leaks either."""
    return {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


class Done:
    """What a finished ukey left behind."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def json(self):
        return json.loads(self.out)


class UkeyCase(unittest.TestCase):
    def setUp(self):
        self.box = tempfile.mkdtemp(prefix="ukey-")
        self.addCleanup(shutil.rmtree, self.box)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.box)

    def environment(self, language):
        env = {name: value for name, value in os.environ.items()
               if name not in ("LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES")}
        env.update(LC_ALL="C.UTF-8", LANGUAGE=language, **sanitizer())
        return env

    def ukey(self, *args, code=0, language="en", stdin=b"", **pins):
        """Runs ukey; pin=, new_pin=, admin_pin=, device_key=, code_= come over descriptors."""
        words, ends = [UKEY, *args], []
        for name, value in pins.items():
            reader, writer = os.pipe()
            os.write(writer, value.encode())
            os.close(writer)
            ends.append(reader)
            words += ["--%s-fd" % name.strip("_").replace("_", "-"), str(reader)]
        done = subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              pass_fds=ends, env=self.environment(language), timeout=TIMEOUT,
                              start_new_session=True)
        for end in ends:
            os.close(end)
        result = Done(done.returncode, done.stdout.decode(), done.stderr.decode())
        if code is not None:
            self.assertEqual(result.code, code, "%s\n%s%s" % (words, result.out, result.err))
        return result

    def run_ok(self, *words, **more):
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=TIMEOUT, **more)
        self.assertEqual(done.returncode, 0, "%s\n%s" % (words, done.stdout.decode()))
        return done.stdout.decode()

    def write(self, name, text):
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
        return name

    def read(self, name):
        with open(name, "rb") as file:
            return file.read()


class Terminal:
    """ukey on a terminal of its own, and a person who answers it."""

    def __init__(self, *args, language="en"):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(LC_ALL="C.UTF-8", LANGUAGE=language, **sanitizer())
            os.execvp(UKEY, [UKEY, *args])

    def wait_for(self, words):
        """Reads until the words are on the screen."""
        end = time.monotonic() + TIMEOUT
        while words not in self.text:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            try:
                part = os.read(self.fd, 4096) if ready else b""
            except OSError:
                part = b""
            if not part:
                raise AssertionError("never shown: %s\n%s" % (words, self.text))
            self.text += part.decode(errors="replace")

    def echo_is_on(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def type(self, line):
        os.write(self.fd, line.encode() + b"\n")

    def end(self):
        """Its exit code, or minus the signal that ended it."""
        while True:
            try:
                part = os.read(self.fd, 4096)
            except OSError:
                part = b""
            if not part:
                break
            self.text += part.decode(errors="replace")
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)
