# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian systems in folders, made once and kept as tarballs, with commands run inside."""
import hashlib
import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
CACHE = HOUSE / "build-packages"
SUITE = "bookworm"
FRESH_SECONDS = 7 * 24 * 3600  # a base is made anew after that
PATIENCE = 1800  # seconds for one command
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
OUTSIDE = {"proc", "sys", "dev", "run", "tmp"}  # no files of packages
EXACT = {"etc", "home", "opt", "root", "srv", "usr/local", "var/lib"}  # compared byte for byte
QUIET = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
         "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive", "DEBCONF_NOWARNINGS": "yes"}


class Failed(Exception):
    """A case did not go as it should; the text says what and how."""


def run(argv, **options):
    """A command outside; its output. Failed when it ends with anything but 0."""
    argv = [str(word) for word in argv]
    done = subprocess.run(argv, text=True, errors="replace", check=False, timeout=PATIENCE,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(argv)} ended with {done.returncode}:\n{tail(done.stdout)}")
    return done.stdout


def tail(text, count=40):
    return "\n".join("    " + line for line in text.splitlines()[-count:])


class Root:
    """A system as its tarball has it, as an overlay: what changes in it is gone after the block."""

    def __init__(self, name, tarball):
        self.house = CACHE / "roots" / f"{name}-{os.getpid()}"  # several runs may share the cache
        self.path = self.house / "root"
        self.tarball = tarball
        self.mounts = []

    def __enter__(self):
        run(["rm", "-rf", self.house])
        for part in ("root", "changed", "work"):
            (self.house / part).mkdir(parents=True)
        self.mount("-t", "overlay", "-o", f"lowerdir={unpacked(self.tarball)},"
                   f"upperdir={self.house}/changed,workdir={self.house}/work", "none", self.path)
        for name in DEVICES:
            device = self.path / "dev" / name
            if not device.exists() or not stat.S_ISCHR(device.stat().st_mode):
                device.touch()
                self.mount("--bind", f"/dev/{name}", device)
        self.mount("-t", "tmpfs", "none", self.path / "run")
        self.mount("-t", "tmpfs", "none", self.path / "dev/shm", needed=True)
        self.mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666", "none", self.path / "dev/pts")
        (self.path / "run/lock").mkdir()
        self.share(CACHE / "archives", "var/cache/apt/archives")
        self.write("etc/resolv.conf", Path("/etc/resolv.conf").read_text(encoding="utf-8"))
        self.write("etc/hosts", "127.0.0.1 localhost\n")
        return self

    def __exit__(self, *_):
        self.let_go(0)
        run(["rm", "-rf", self.house])

    def let_go(self, keep):
        """Undoes the mounts but for the first ones."""
        while len(self.mounts) > keep:
            run(["umount", "--lazy", self.mounts.pop()])

    def mount(self, *words, needed=False):
        target = Path(words[-1])
        if needed:
            target.mkdir(parents=True, exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        if words[0] != "--bind":
            target.mkdir(exist_ok=True)
        if not target.resolve().is_relative_to(self.house.resolve()):
            raise Failed(f"{target} leads out of the system, to {target.resolve()}")
        run(["mount", *words])
        self.mounts.append(target)

    def share(self, outside, inside):
        """The folder outside is the one inside."""
        outside.mkdir(parents=True, exist_ok=True)
        target = self.inside(inside)
        target.mkdir(parents=True, exist_ok=True)
        self.mount("--bind", outside, target)

    def run(self, *argv, want=0, **environment):
        """A command inside; its output. Its processes end with it. want: its exit status, or None."""
        if isinstance(want, int):
            want = (want,)
        variables = [f"{key}={value}" for key, value in {**QUIET, **environment}.items()]
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
                   'root=$1; shift; mount -t proc proc "$root/proc" && exec chroot "$root" env -i "$@"',
                   "sh", self.path, *variables, *argv]
        done = subprocess.run([str(word) for word in command], text=True, errors="replace",
                              check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if want is not None and done.returncode not in want:
            words = " ".join(str(word) for word in argv)
            raise Failed(f"inside: {words} ended with {done.returncode}:\n{tail(done.stdout)}")
        return done.stdout

    def shell(self, script, **options):
        return self.run("sh", "-euc", script, **options)

    def apt(self, *words, recommends=False):
        return self.run("apt-get", "-y", "-q", "-o", f"APT::Install-Recommends={str(recommends).lower()}",
                        "-o", "Dpkg::Options::=--force-confold", *words)

    def inside(self, name):
        """Where a file of the system is. Links in it mean its own files, never this computer's: whatever
        would lead out of it is refused."""
        path = self.path / name.lstrip("/")
        here = path.parent.resolve()
        if not here.is_relative_to(self.path.resolve()):
            raise Failed(f"{name} leads out of the system, to {here}")
        return here / path.name

    def read(self, name):
        path = self.inside(name)
        if path.is_symlink():
            raise Failed(f"{name} is a link, to {os.readlink(path)}")
        return path.read_text(encoding="utf-8")

    def write(self, name, text, mode=0o644):
        """A file of that name; a link that has it goes, and what it leads to stays as it is."""
        path = self.inside(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            path.unlink()
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def snapshot(self):
        """path -> what can be told of it, for every file and folder."""
        found = {}
        for folder, folders, files in os.walk(self.path):
            here = os.path.relpath(folder, self.path)
            if here == ".":
                folders[:] = [name for name in folders if name not in OUTSIDE]
            for name in folders + files:
                inside = os.path.normpath(os.path.join(here, name))
                found["/" + inside] = self._told(inside)
        return found

    def _told(self, inside):
        path = self.path / inside
        about = path.lstat()
        told = [oct(about.st_mode), about.st_uid, about.st_gid]
        if stat.S_ISLNK(about.st_mode):
            told.append(os.readlink(path))
        elif stat.S_ISREG(about.st_mode):
            exact = any(inside.startswith(top + "/") for top in EXACT)
            told.append(hashlib.sha256(path.read_bytes()).hexdigest() if exact else about.st_size)
        return tuple(told)


def unpacked(tarball):
    """The folder with what is in a tarball; kept beside it."""
    folder = tarball.with_suffix("")
    if not folder.exists():
        part = tarball.with_suffix(".unpacking")
        run(["rm", "-rf", part])
        part.mkdir()
        run(["tar", "-C", part, "--numeric-owner", "-xf", tarball])
        part.rename(folder)
    return folder


def made(name, make, fresh=False):
    """The tarball of that name; make(path) makes it when there is none, or none that is fresh."""
    path = CACHE / f"{name}.tar"
    if path.exists() and not (fresh and time.time() - path.stat().st_mtime > FRESH_SECONDS):
        return path
    CACHE.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    make(part)
    part.rename(path)
    kind = name.partition("-")[0]
    for older in [path.with_suffix(""), *CACHE.glob(kind + "-*")]:
        if older != path:
            run(["rm", "-rf", older])
    return path


def base():
    """The least Debian there is."""
    def make(path):
        run(["mmdebstrap", "--variant=minbase", "--format=tar", "--aptopt=Acquire::Languages \"none\"",
             "--aptopt=Apt::AutoRemove::RecommendsImportant \"false\"", SUITE, path])
    return made("base", make, fresh=True)


def grown(name, wanted, install):
    """Base and what install(root) puts into it; wanted is what that depends on."""
    key = hashlib.sha256((repr(wanted) + str(base().stat().st_mtime_ns)).encode()).hexdigest()[:12]

    def make(path):
        with Root(f"make-{name}", base()) as root:
            root.apt("update")
            install(root)
            root.let_go(1)
            run(["tar", "-C", root.path, "--numeric-owner", "-cf", path, "."])
    return made(f"{name}-{key}", make)
