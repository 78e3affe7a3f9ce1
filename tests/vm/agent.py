# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: runs what the tests on the host say. A request is a line of JSON {id, script, user,
timeout}, its answer one {id, status, output}; several run at once."""
import json
import os
import subprocess
import threading

PORT = "/dev/virtio-ports/org.openukey.vm"


def answer(request):
    user = request["user"]
    command = ["/bin/bash", "-c", request["script"]]
    if user != "root":
        command = ["runuser", "-u", user, "--"] + command
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                   "HOME": "/root" if user == "root" else f"/home/{user}"}
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/tmp",
                              timeout=request["timeout"])
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        return 124, (late.stdout or b"") + b"\n(took too long)"


def main():
    port = os.open(PORT, os.O_RDWR)
    lock = threading.Lock()

    def say(message):
        data = json.dumps(message).encode() + b"\n"
        with lock:
            while data:
                data = data[os.write(port, data):]

    def serve(request):
        status, output = answer(request)
        say({"id": request["id"], "status": status,
             "output": output.decode(errors="replace")[-60000:]})

    say({"id": 0, "status": 0, "output": "ready"})
    with os.fdopen(os.dup(port), "rb", buffering=0) as file:
        rest = b""
        while True:
            rest += file.read(65536)
            while b"\n" in rest:
                line, _, rest = rest.partition(b"\n")
                threading.Thread(target=serve, args=(json.loads(line),), daemon=True).start()


main()
