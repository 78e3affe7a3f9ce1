# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether somebody may come in: asked of openukey-hall-check and openukey-verify-login."""
import base64
import binascii
import os
import subprocess
import threading

PATIENCE = 20
AT_ONCE = 4
# what openukey-verify-login calls by another name
VERDICTS = {"untrusted": "foreign", "key": "use", "usage": "format", "": "format"}


class Refused(Exception):
    """why: a word of openukey-hall-check, or one of those below."""

    def __init__(self, why):
        super().__init__(why)
        self.why = why


def binary(text):
    """Base64 as pages send it: perhaps in lines."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused("format") from None


class Judge:
    def __init__(self, folder):
        self.folder = folder
        self.gate = threading.Semaphore(AT_ONCE)

    def _ask(self, program, words, inputs, data=b""):
        """Runs it with bytes in files that have no name: (exit status, output)."""
        files, command = [], [program, *words]
        try:
            for option, data in inputs:
                file = os.memfd_create(option)
                files.append(file)
                os.write(file, data)
                os.lseek(file, 0, os.SEEK_SET)
                command += [f"--{option}", f"/proc/self/fd/{file}"]
            with self.gate:
                done = subprocess.run(command, pass_fds=files, capture_output=True, check=False,
                                      timeout=PATIENCE, input=data)
        finally:
            for file in files:
                os.close(file)
        return done.returncode, done.stdout.decode(errors="replace")

    def _check(self, question, **inputs):
        words = [question]
        for path in self.folder.roots() + self.folder.lists():
            words += ["--ca", path]
        code, output = self._ask(self.folder.programs["check"], words, inputs.items())
        told = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
        verdict = told.pop("verdict", "format")
        if code != 0 or verdict != "ok":
            raise Refused(verdict if verdict != "ok" else "format")
        return told

    def certificate(self, cert):
        """What the certificate says, if its holder may come in."""
        return self._check("certificate", cert=cert)

    def signature(self, cert, text, signature):
        return self._check("signature", cert=cert, data=text.encode(), signature=signature)

    def modern(self, origin, text, token):
        """The origin-bound login: `text` is the challenge, `origin` the page's that it is for."""
        words = ["--origin", origin, "--challenge", text, "--anchors",
                 str(self.folder / "roots.pem")]
        for path in self.folder.lists():
            words += ["--crl", path]
        code, output = self._ask(self.folder.programs["verify_login"], words, (), token)
        verdict, _, cert = output.partition("\n")
        if code != 0 or verdict != "ok":
            raise Refused(VERDICTS.get(verdict, verdict) if verdict != "ok" else "format")
        return self.certificate(cert.encode())

    def message(self, text, message):
        return self._check("message", data=text.encode(), signature=message)
