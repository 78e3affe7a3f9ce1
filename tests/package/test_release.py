#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A release with a key that is thrown away: refused where it must be, the same twice, signed, listed."""
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from bench import HOUSE, Verdicts, need, run, say

KEY = "rehearsal@example.invalid"
DAY = "2026-01-31"
# What SPDX 2.3 demands of a document, a package and a relationship.
DOCUMENT = {"spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages",
            "relationships"}
PACKAGE = {"SPDXID", "name", "downloadLocation", "versionInfo", "filesAnalyzed", "licenseConcluded",
           "licenseDeclared", "copyrightText", "supplier", "primaryPackagePurpose"}
RELATIONS = {"DESCRIBES", "GENERATED_FROM", "DYNAMIC_LINK", "DEPENDS_ON"}
LICENCE = re.compile(r"NOASSERTION|[A-Za-z0-9.-]+( (AND|OR) [A-Za-z0-9.-]+)*")
PURL = re.compile(r"pkg:deb/debian/[a-z0-9.+-]+@[A-Za-z0-9.+~:-]+\?arch=[a-z0-9]+")


class Tree:
    """A clone in which a version is released."""

    def __init__(self, work):
        self.path = work / "tree"
        need(["git", "clone", "-q", "-s", HOUSE, self.path])
        for name, value in (("user.name", "Rehearsal"), ("user.email", KEY), ("user.signingkey", KEY)):
            need(["git", "config", name, value], cwd=self.path)
        meson = (self.path / "meson.build").read_text(encoding="utf-8")
        self.version = re.search(r"^  version: '(.+)',$", meson, re.MULTILINE).group(1)

    def git(self, *words):
        return need(["git", *words], cwd=self.path)

    def release(self, *words):
        return run([self.path / "packaging/release", *words], cwd=self.path)

    def edit(self, name, pattern, replacement):
        path = self.path / name
        text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1)
        assert count == 1, f"{name} has no {pattern}"
        path.write_text(text, encoding="utf-8")

    def prepare(self):
        """What a person does before a release."""
        self.edit("NEWS", r"^OpenUKey \S+ \(.*\)", f"OpenUKey {self.version} ({DAY})")
        self.edit("assistant/data/org.openukey.Assistant.metainfo.xml", r"<release version=[^>]*/>",
                  f'<release version="{self.version}" date="{DAY}"/>')
        # The commit may have been prepared already.
        self.git("commit", "-q", "--allow-empty", "-a", "-m", f"Release {self.version}")


def refusals(verdicts, tree, work):
    """Each thing that is not as it should be is named, and nothing is made."""
    tree.edit("NEWS", r"^OpenUKey \S+ \(.*\)", f"OpenUKey {tree.version} (not released)")
    tree.git("commit", "-q", "--allow-empty", "-a", "-m", "before")
    done = tree.release("--key", KEY, work / "none")
    verdicts.check("refused while NEWS says otherwise", done.returncode == 1 and "NEWS begins" in done.stdout
                   and "tag" in done.stdout, done.stdout)
    tree.prepare()
    tree.git("tag", "-f", f"v{tree.version}")
    done = tree.release("--key", KEY, work / "none")
    verdicts.check("refused with a tag that nobody signed",
                   done.returncode == 1 and "not signed" in done.stdout, done.stdout)
    verdicts.same("refused without a key", tree.release(work / "none").returncode, 2)
    tree.git("tag", "-f", "-s", "-m", f"OpenUKey {tree.version}", f"v{tree.version}")
    done = tree.release("--key", "nobody@example.invalid", work / "none")
    verdicts.check("refused with a key that cannot sign", done.returncode not in (0, 2), done.stdout)
    verdicts.check("nothing was made", not (work / "none").exists())


def signatures(verdicts, tree, out):
    source = f"openukey-{tree.version}.tar.gz"
    done = run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=out)
    verdicts.check("checksums", done.returncode == 0, done.stdout)
    listed = {line.split()[1] for line in (out / "SHA256SUMS").read_text().splitlines()}
    there = {path.name for path in out.iterdir() if path.suffix != ".asc"} - {"SHA256SUMS"}
    verdicts.same("each file is in the list of checksums", listed, there)
    for name in ("SHA256SUMS", source):
        good = run(["gpg", "--batch", "--verify", f"{name}.asc", name], cwd=out)
        (out / "changed").write_bytes((out / name).read_bytes() + b"\n")
        bad = run(["gpg", "--batch", "--verify", f"{name}.asc", "changed"], cwd=out)
        (out / "changed").unlink()
        verdicts.check(f"signature of {name}", good.returncode == 0 and bad.returncode != 0,
                       good.stdout + bad.stdout)
    need(["sh", "-c", f"gzip -dc {source} | git get-tar-commit-id >commit"], cwd=out)
    commit = (out / "commit").read_text().strip()
    (out / "commit").unlink()
    verdicts.same("the source is the tagged commit's", commit, tree.git("rev-parse", "HEAD").strip())


def bill_faults(bill, out):
    """What is wrong with a list of contents by the standard."""
    yield from (f"the document has no {name}" for name in DOCUMENT - bill.keys())
    if bill["spdxVersion"] != "SPDX-2.3" or bill["dataLicense"] != "CC0-1.0":
        yield "wrong version or licence of the list"
    if not re.fullmatch(r"https:/{2}[^#\s]+", bill["documentNamespace"]):
        yield "documentNamespace"
    if not re.fullmatch(r"\d{4}(-\d\d){2}T(\d\d:){2}\d\dZ", bill["creationInfo"]["created"]):
        yield "created"
    names = [package["SPDXID"] for package in bill["packages"]]
    if len(set(names)) != len(names) or not all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name) for name in names):
        yield "names of packages"
    for package in bill["packages"]:
        yield from (f"{package['name']} has no {name}" for name in PACKAGE - package.keys())
        for field in ("licenseDeclared", "licenseConcluded"):
            if not LICENCE.fullmatch(package[field]):
                yield f"{package['name']}: {package[field]}"
        for reference in package.get("externalRefs", []):
            if not PURL.fullmatch(reference["referenceLocator"]):
                yield reference["referenceLocator"]
        if "packageFileName" in package:
            digest = need(["sha256sum", out / package["packageFileName"]]).split()[0]
            if package["checksums"] != [{"algorithm": "SHA256", "checksumValue": digest}]:
                yield f"checksum of {package['packageFileName']}"
    for row in bill["relationships"]:
        if row["relationshipType"] not in RELATIONS or row["relatedSpdxElement"] not in names or (
                row["spdxElementId"] not in [*names, "SPDXRef-DOCUMENT"]):
            yield str(row)


def contents(verdicts, tree, out):
    path = out / f"openukey-{tree.version}.spdx.json"
    bill = json.loads(path.read_text(encoding="utf-8"))
    verdicts.same("the list of contents is what SPDX demands", list(bill_faults(bill, out)), [])
    there = {file.name for file in out.iterdir() if file.suffix in (".deb", ".rpm")}
    listed = {package.get("packageFileName") for package in bill["packages"]}
    verdicts.same("packages that are not in the list", sorted(there - listed - {
        name for name in there if name.endswith(".src.rpm")}), [])
    control = (HOUSE / "packaging/debian/control").read_text(encoding="utf-8")
    for deb in sorted(out.glob("*.deb")):
        # What debhelper found out by itself, not what somebody wrote.
        depends = need(["dpkg-deb", "-f", deb, "Depends"])
        wanted = {name for name in re.findall(r"\b(lib[a-z0-9.+-]+)", depends)
                  if not re.search(rf"\b{re.escape(name)}\b", control)}
        ours = next(one["SPDXID"] for one in bill["packages"] if one.get("packageFileName") == deb.name)
        seen = {row["relatedSpdxElement"].removeprefix("SPDXRef-Library-") for row in bill["relationships"]
                if row["spdxElementId"] == ours}
        verdicts.check(f"libraries of {deb.name.split('_')[0]}",
                       {re.sub(r"[^A-Za-z0-9.-]", "-", name) for name in wanted} <= seen, (wanted, seen))


def same_twice(verdicts, told, out, work):
    hit = re.search(r"^reproducible: (\d+) the same, 0 different$", told, re.MULTILINE)
    verdicts.check("built twice, byte for byte the same", hit and int(hit.group(1)) >= 20, told[-6000:])
    other = work / "other"
    other.mkdir()
    deb = next(out.glob("openukey-common_*.deb"))
    shutil.copyfile(deb, other / deb.name)
    done = run([HOUSE / "packaging/build-twice", "--compare", out, other])
    verdicts.check("a copy is the same", done.returncode == 0 and "1 the same, 0 diff" in done.stdout, done.stdout)
    with open(other / deb.name, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))
    done = run([HOUSE / "packaging/build-twice", "--compare", out, other])
    verdicts.check("one bit is noticed", done.returncode == 1 and f"differs: {deb.name}" in done.stdout, done.stdout)


def main():
    verdicts = Verdicts("release")
    with tempfile.TemporaryDirectory(prefix="openukey-release-", dir="/var/tmp") as work:
        work = Path(work)
        os.environ["GNUPGHOME"] = str(work / "gnupg")
        (work / "gnupg").mkdir(mode=0o700)
        try:
            need(["gpg", "--batch", "--passphrase", "", "--quick-generate-key", f"Rehearsal <{KEY}>", "ed25519",
                  "sign", "never"])
            tree = Tree(work)
            refusals(verdicts, tree, work)
            out = work / "out"
            done = tree.release("--key", KEY, "--without-offline", out)
            if verdicts.check("released", done.returncode == 0, done.stdout[-6000:]):
                say(done.stdout)
                same_twice(verdicts, done.stdout, out, work)
                signatures(verdicts, tree, out)
                contents(verdicts, tree, out)
        finally:
            run(["gpgconf", "--kill", "all"])
    return verdicts.done()


if __name__ == "__main__":
    sys.exit(main())
