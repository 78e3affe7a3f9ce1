#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""udev/keys.tsv becomes the drivers' tables, and a bad list is refused with its line's number.

Usage: keys_test.py GEN-MODELS.PY GEN-READERS.PY KEYS.TSV
"""
import subprocess
import sys
import tempfile
from pathlib import Path

GENERATOR, READERS, KEYS = sys.argv[1:]
ROW = "055c\te618\tName\thid\tgm3000\t-\t-\t-\tno\tnotes"


def generate(text, *command):
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "keys.tsv"), Path(folder, "out")
        source.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, *(command or [GENERATOR]), source, output], text=True, check=False,
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


def readers_are_made():
    """Of the rows that are driven, in the order of the list; the plist's three lists fit together."""
    text = "\n".join([columns(match="reader:Name", flags="reset=usb"),
                      columns(product="e619", name="Sighting"),
                      columns(vendor="1209", product="0002", name="Test", match="reader:Test",
                              flags="virtual,reset=clear", verified="us")]) + "\n"
    made = {what: generate(text, READERS, what)[2]
            for what in ("models", "plist", "plist-virtual", "rules")}
    good = ('{0x055c, 0xe618, "Name", &exchange_hid, IFD_RESET_USB},' in made["models"] and
            '{0x1209, 0x0002, "Test", &exchange_hid, IFD_RESET_CLEAR},' in made["models"] and
            "Sighting" not in "".join(made.values()) and
            made["plist"].count("<string>") == 3 + 3 and "0x055c" in made["plist"] and
            "0x1209" not in made["plist"] + made["rules"] and
            "0x1209" in made["plist-virtual"] and 'ATTR{idProduct}=="e618"' in made["rules"])
    bad = (columns(match="reader:Other", flags="reset=clear"), columns(match="reader:Name"),
           columns(match="reader:Name", flags="reset=usb,reset=none"))
    wrong = [generate(row + "\n", READERS, "models") for row in bad]
    good = good and all(status != 0 and "keys.tsv:1:" in errors for status, errors, _ in wrong)
    if not good:
        print(f"readers: {made} {wrong}")
    return 0 if good else 1


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
    failed += readers_are_made()
    for why, lines in BAD.items():
        status, errors, _ = generate("# comment\n" + "\n".join(lines) + "\n")
        if status == 0 or f"keys.tsv:{1 + len(lines)}:" not in errors:
            print(f"{why}: status {status}, {errors}")
            failed += 1
    print(f"{3 + len(BAD) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
