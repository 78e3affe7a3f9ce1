# SPDX-License-Identifier: LGPL-2.1-or-later
"""The packages of a commit, built in a clean system and kept."""
import functools
import os
import re
import shutil

from roots import CACHE, HOUSE, Failed, Root, base, grown, run

CHOSEN = "OPENUKEY_PACKAGES_COMMIT"

# Before packages were split: what was one package is now several.
UNSPLIT = "e58b7859d0a49985f40455fba62c50dbf31fa319"
# Commits whose own lists forget a manual page still show what they did install.
LENIENT = "\noverride_dh_missing:\n\tdh_missing --list-missing\n"
_broken = set()
DEVELOPER = ["build-essential", "ccache"]


def git(*words):
    return run(["git", "-C", HOUSE, *words]).strip()


def commit(name):
    """The full name of a commit, or None where this clone does not have it. HEAD is what was the last
    one when the run began, or what --commit says."""
    name = name.replace("HEAD", os.environ.get(CHOSEN, "HEAD"))
    try:
        return git("rev-parse", "--verify", "-q", name + "^{commit}")
    except Failed:
        return None


def _control():
    return git("show", commit("HEAD") + ":packaging/debian/control") + "\n"


def build_depends():
    control = _control()
    listed = re.search(r"^Build-Depends:\n((?: .*\n)+)", control, re.MULTILINE).group(1)
    return [word.strip().rstrip(",") for word in listed.splitlines()]


@functools.cache
def workshop():
    """A system that has what the last commit says it needs to be built, and nothing else of use."""
    def install(root):
        root.write("tmp/openukey/debian/control", _control())
        root.apt("install", *DEVELOPER)
        root.apt("build-dep", "/tmp/openukey")
    return grown("build", [DEVELOPER, build_depends()], install)


def packages(name="HEAD"):
    """The folder with everything that a commit's build gives."""
    full = commit(name)
    if full in _broken:
        raise Failed(f"{name} does not build, see above")
    try:
        return _packages(full)
    except Failed:
        _broken.add(full)
        raise


def _packages(full):
    folder = CACHE / "packages" / full
    if (folder / "complete").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with Root("workshop", workshop()) as root:
        root.share(CACHE / "ccache", "ccache")
        work = root.path / "build"
        run([HOUSE / "packaging/build-deb", "--unpacked", "--commit", full, work])
        tree = next(path for path in work.iterdir() if path.is_dir())
        tree.rename(work / "openukey")  # always the same, for ccache
        if full == UNSPLIT:
            with open(work / "openukey/debian/rules", "a", encoding="utf-8") as rules:
                rules.write(LENIENT)
        run(["chown", "-R", "0:0", work])
        root.shell("cd /build/openukey && dpkg-buildpackage --no-sign --build=full",
                   PATH="/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin", CCACHE_DIR="/ccache",
                   DEB_BUILD_OPTIONS=f"parallel={os.cpu_count()} noautodbgsym")
        for path in work.iterdir():
            if path.is_file():
                shutil.copyfile(path, folder / path.name)
    (folder / "complete").touch()
    _forget_old()
    return folder


def _forget_old(keep=6):
    found = sorted((CACHE / "packages").iterdir(), key=lambda path: path.stat().st_mtime)
    for path in found[:-keep]:
        shutil.rmtree(path)


def debs(name="HEAD"):
    return sorted(packages(name).glob("*.deb"))


def put(root, name="HEAD", folder="packages"):
    """The packages in /FOLDER, as a place that apt takes them from; the files inside."""
    place = root.path / folder
    place.mkdir(exist_ok=True)
    for path in debs(name):
        shutil.copyfile(path, place / path.name)
    listing = run(["dpkg-scanpackages", "-m", f"./{folder}"], cwd=root.path)
    listing = re.sub(r"^dpkg-scanpackages: .*\n", "", listing, flags=re.MULTILINE)  # what it says besides
    (place / "Packages").write_text(listing, encoding="utf-8")
    return [f"/{folder}/{path.name}" for path in debs(name)]


def depended_on():
    """What our packages need, without themselves: as apt works it out on the least Debian."""
    with Root("plan", base()) as root:
        root.apt("update")
        told = root.apt("install", "--simulate", *put(root))
    return sorted(name for name in re.findall(r"^Inst (\S+) ", told, re.MULTILINE)
                  if not name.startswith("openukey"))


@functools.cache
def ready():
    """A system with all that our packages need but none of them."""
    wanted = depended_on()
    return grown("ready", wanted, lambda root: root.apt("install", *wanted))
