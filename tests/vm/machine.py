# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guest that runs: QEMU without KVM, and the agent in it that does what it is told."""
import itertools
import json
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
BOOT_SECONDS = 900
# Nothing that a guest is told takes so long unless it hangs: emulation is 20 to 100 times slower.
PATIENCE = 180


class GuestError(Exception):
    """The guest did not do as it was told."""


class Machine:
    """folder: for the sockets, the console's log and what the guest sees as /host."""

    def __init__(self, folder, image, shared):
        self.folder = folder
        self.console = folder / "console.log"
        shutil.copy(HERE / "agent.py", shared)
        self.process = subprocess.Popen(self._command(image, shared), stdin=subprocess.DEVNULL)
        self.numbers = itertools.count(1)
        self.answers = {}
        self.news = threading.Condition()
        self.gone = False
        self.channel = self._connect()
        threading.Thread(target=self._listen, daemon=True).start()
        self._await(0, BOOT_SECONDS)

    def _command(self, image, shared):
        return [
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
            "-m", "2048", "-nodefaults", "-display", "none", "-no-reboot",
            "-chardev", f"file,id=console,path={self.console}", "-serial", "chardev:console",
            "-kernel", str(image / "vmlinuz"), "-initrd", str(image / "initramfs.cpio"),
            "-append", "console=ttyS0 panic=-1 quiet mitigations=off tsc=reliable loglevel=4",
            "-drive", f"file={image / 'disk'},format=raw,if=virtio,snapshot=on,cache=unsafe",
            "-virtfs", f"local,path={shared},mount_tag=host,security_model=none,readonly=on",
            "-device", "virtio-serial-pci", "-device", "virtio-rng-pci",
            "-chardev", f"socket,id=agent,path={self.folder / 'agent'},server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=org.openukey.vm",
        ]

    def _connect(self):
        path = str(self.folder / "agent")
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            channel = socket.socket(socket.AF_UNIX)
            try:
                channel.connect(path)
                return channel
            except OSError:
                channel.close()
                time.sleep(0.1)
        raise GuestError("QEMU did not start")

    def _listen(self):
        with self.channel.makefile("rb") as lines:
            for line in lines:
                answer = json.loads(line)
                with self.news:
                    self.answers[answer["id"]] = answer
                    self.news.notify_all()
        with self.news:
            self.gone = True
            self.news.notify_all()

    def _await(self, number, seconds):
        with self.news:
            self.news.wait_for(lambda: number in self.answers or self.gone, seconds)
            if number not in self.answers:
                raise GuestError("the guest has gone" if self.gone else "the guest does not answer")
            return self.answers.pop(number)

    def start(self, script, user="root", timeout=PATIENCE):
        """Has it run a shell script; returns what to give to finish()."""
        number = next(self.numbers)
        request = {"id": number, "script": script, "user": user, "timeout": timeout}
        self.channel.sendall(json.dumps(request).encode() + b"\n")
        return number, timeout

    def finish(self, started):
        """(exit status, output) of a script that was started."""
        number, timeout = started
        answer = self._await(number, timeout + 60)
        return answer["status"], answer["output"]

    def run(self, script, user="root", timeout=PATIENCE):
        return self.finish(self.start(script, user, timeout))

    def do(self, script, user="root", timeout=PATIENCE):
        """As run, but what fails is a GuestError; returns the output."""
        status, output = self.run(script, user, timeout)
        if status != 0:
            raise GuestError(f"{script}\n-> {status}\n{output}")
        return output.strip()

    def until(self, script, user="root", timeout=PATIENCE):
        """Does it again and again until it succeeds; returns the output."""
        end = time.monotonic() + timeout
        while True:
            status, output = self.run(script, user, timeout)
            if status == 0:
                return output.strip()
            if time.monotonic() > end:
                raise GuestError(f"not within {timeout} s: {script}\n{output}")
            time.sleep(0.5)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.channel.close()
        (self.folder / "agent").unlink(missing_ok=True)

    def console_tail(self, lines=40):
        if not self.console.exists():
            return ""
        text = self.console.read_text(encoding="utf-8", errors="replace")
        return os.linesep.join(text.splitlines()[-lines:])
