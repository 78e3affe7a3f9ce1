#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""udev/keys.tsv becomes the driver's table, and a bad list is refused with its line's number.

Usage: keys_test.py GEN-MODELS.PY KEYS.TSV
"""
import subprocess
import sys
import tempfile
from pathlib import Path

GENERATOR, KEYS = sys.argv[1:]
ROW = "055c\te618\tName\thid\tgm3000\t-\t-\t-\tno\tnotes"


def generate(text):
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "keys.tsv"), Path(folder, "out")
        source.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, GENERATOR, source, output], text=True, check=False,
                              stderr=subprocess.PIPE)
        return done.returncode, done.stderr, output.read_text() if output.exists() else ""


def columns(**changes):
    names = ("vendor", "product", "name", "transport", "framing", "match", "flags", "application",
             "verified", "notes")
    fields = dict(zip(names, ROW.split("\t")))
    fields.update(changes)
    return "\t".join(fields.values())


BAD = {
    "too few columns": [ROW.rpartition("\t")[0]],
    "ids in capitals": [columns(vendor="055C")],
    "ids half": [columns(product="-")],
    "not sorted": [columns(vendor="096e", name="B"), columns(name="A")],
    "the same ids twice": [columns(), columns(name="Other")],
    "the same name twice": [columns(), columns(product="e619")],
    "a flag nobody knows": [columns(flags="admin-last")],
    "a match nobody knows": [columns(match="usb:1")],
    "an ATR with odd digits": [columns(match="atr:abc")],
    "verified without a padding rule": [columns(flags="new-pin-unverified", verified="somebody")],
}


def main():
    failed = 0
    status, errors, output = generate(Path(KEYS).read_text(encoding="utf-8"))
    rows = [line for line in Path(KEYS).read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")]
    if status != 0 or output.count("\n{") != len(rows):
        print(f"keys.tsv itself: {errors}")
        failed += 1
    status, errors, output = generate(columns(match='reader:A "B"', flags="le,chunk100") + "\n")
    if status != 0 or '"A \\"B\\""' not in output or ".cert_chunk = 100" not in output:
        print(f"a good row: {errors}{output}")
        failed += 1
    for why, lines in BAD.items():
        status, errors, _ = generate("# comment\n" + "\n".join(lines) + "\n")
        if status == 0 or f"keys.tsv:{1 + len(lines)}:" not in errors:
            print(f"{why}: status {status}, {errors}")
            failed += 1
    print(f"{2 + len(BAD) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
