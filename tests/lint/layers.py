# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may include what: the layers of ARCHITECTURE.md as one table."""
import re

from tree import Finding

# folder -> what its files may include from this tree, besides files of the folder itself.
# The longest folder that matches a file decides. Tests may include anything.
ALLOWED = {
    "common": [],
    "drivers": ["common"],
    "drivers/crypto": ["common"],
    "drivers/pcsc": ["common", "drivers/token.h"],
    "drivers/gm": ["common", "drivers/token.h", "drivers/family.h", "drivers/pcsc",
                   "drivers/crypto"],
    "drivers/skf": ["common", "drivers/token.h", "drivers/family.h", "drivers/crypto"],
    "drivers/skf/host": ["common", "drivers/skf"],
    "drivers/ifd": ["common"],
    "token-share": ["common", "drivers/token.h"],
    "pkcs11": ["common", "drivers/token.h", "drivers/crypto", "token-share"],
    "skf": ["common", "drivers/token.h", "drivers/crypto", "token-share"],
    "provider": ["common"],
    "virtual": ["common"],
    "virtual/hall/verify": [],
    "assistant/core": ["common", "assistant/service-client"],
    "assistant/service-client": ["common", "assistant/core"],
    "assistant/doctor-repair": ["common"],
    "assistant/cli": ["common", "assistant/core", "assistant/service-client"],
    "assistant/ui": ["common", "assistant/core", "assistant/service-client"],
    "assistant/pinentry": ["common", "assistant/core"],
    "assistant/bridge": ["common", "assistant/core"],
    "service": ["common"],
    "service/base": ["common"],
    "service/store": ["common", "service/base"],
    "service/vault": ["common", "service/base", "service/store"],
    "service/audit": ["common", "service/base", "service/store"],
    "service/orders": ["common", "service/base", "service/store", "service/vault", "service/audit",
                       "service/wire"],
    "service/hsm": ["common", "service/base"],
    "service/wire": ["common", "service/base"],
    "service/approval": ["common", "service/base", "service/wire"],
    "service/deliver": ["common", "service/base", "service/store", "service/vault", "service/wire"],
    "service/receipts": ["common", "service/base", "service/wire"],
    "service/unlock": ["common", "service/base", "service/store", "service/vault", "service/audit",
                       "service/hsm", "service/wire", "service/approval", "service/deliver"],
    "service/pki": ["common", "service/base"],
    "service/kmc": ["common", "service/base", "service/store", "service/vault", "service/audit",
                    "service/hsm", "service/pki", "service/wire", "service/approval",
                    "service/deliver"],
    "service/issue": ["common", "service/base", "service/store", "service/audit", "service/hsm",
                      "service/pki", "service/wire", "service/approval", "service/orders",
                      "service/receipts"],
    "service/certd": ["common", "service/base", "service/store", "service/vault", "service/audit",
                      "service/orders", "service/wire", "service/approval", "service/deliver",
                      "service/papers", "service/receipts"],
    "service/papers": ["common", "service/base", "service/vault", "service/wire"],
    "service/counter": ["common", "service/base", "service/store", "service/vault", "service/audit",
                        "service/orders", "service/wire", "service/approval", "service/certd"],
    "service/console": ["common", "service/base", "service/store", "service/vault", "service/audit",
                        "service/orders", "service/wire", "service/approval", "service/certd",
                        "service/counter"],
    "service/faces": ["common", "service/base", "service/store", "service/vault", "service/audit",
                      "service/orders", "service/wire", "service/pki"],
    "service/admin": ["common", "service/base", "service/store", "service/vault", "service/audit",
                      "service/orders", "service/wire", "service/approval", "service/certd",
                      "service/counter"],
    "tests": ["common", "drivers", "pkcs11", "skf", "token-share", "virtual", "assistant", "service", "tests", "udev"],
}

# Some headers are closed even where their folder is open.
CLOSED = [
    # (header, folders that must not include it)
    ("common/pkcs11.h", ["drivers", "virtual/key"]),
    ("common/openukey.h", ["drivers", "virtual/key"]),
    ("common/commands.def", ["pkcs11", "assistant"]),
]

# system header (a regex) -> folders that may have it, and in how many files at most
SYSTEM = [
    (r"(PCSC/)?winscard\.h", ["drivers/pcsc"], 1),
    (r"(libusb-1\.0/)?libusb\.h", ["drivers/ifd"], 1),
    (r"(PCSC/)?ifdhandler\.h", ["drivers/ifd"], None),
    (r"gtk/.*", ["assistant/ui", "assistant/pinentry"], None),
    (r"(glib|gio|gmodule|umockdev).*", ["assistant", "virtual/usb"], None),
    (r"libsoup/.*", ["assistant"], None),
    (r"openssl/.*", ["drivers/crypto", "provider", "virtual", "assistant", "service"], None),
    (r"p11-kit/(p11-kit|uri|pin|iter)\.h", ["assistant", "provider"], None),
    (r"dlfcn\.h", ["drivers/crypto", "drivers/skf/host", "assistant", "provider", "virtual",
                  "service/hsm"], None),
    (r"sqlite3\.h", ["service/store"], 1),
    (r"libpq-fe\.h", ["service/store"], 1),
    (r"microhttpd\.h", ["service/certd", "service/console", "service/faces"], 3),
    (r"curl/.*", ["service/deliver"], 2),
    (r"(gif_lib|jpeglib|png|qrencode|seccomp|pango/.*|cairo.*)\.h",
     ["service/papers", "assistant", "drivers/skf/host"], None),
    (r"gelf\.h", ["drivers/skf/host"], 1),
]

# A program of its own, as small as can be: it only watches readers for a shell script. The doctor
# looks at readers as any program would see them, and sends nothing to a key.
ELSEWHERE = {"virtual/rehearsal/wait_reader.c", "assistant/core/doctor/pcsc.c"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')


def inside(path, folder):
    return path == folder or path.startswith(folder + "/")


def home_of(name):
    homes = [folder for folder in ALLOWED if inside(name, folder)]
    return max(homes, key=len) if homes else None


def includes(tree):
    """(file, line, project header or None, system header or None) of each #include."""
    for name in tree.match(".c", ".h"):
        for number, line in tree.numbered(name):
            hit = INCLUDE.match(line)
            if hit:
                yield name, number, hit.group(1), hit.group(2)


def resolve(tree, name, header):
    """The header's path in the tree: from the root, or beside the file that asks for it."""
    if header in tree.files:
        return header
    beside = name.rpartition("/")[0] + "/" + header
    return beside if beside in tree.files else header


def project_layers(tree):
    """includes go downward only, as in the table of layers"""
    for name, number, header, _ in includes(tree):
        home = home_of(name)
        if header is None:
            continue
        if home is None:
            yield Finding(name, number, "this folder has no row in tests/lint/layers.py")
            continue
        target = resolve(tree, name, header)
        known = "/" in target and target.split("/")[0] in {row.split("/")[0] for row in ALLOWED}
        if known and not any(inside(target, ok) for ok in [home, *ALLOWED[home]]):
            yield Finding(name, number, f"{home} must not include {target}")
        for closed, folders in CLOSED:
            if target == closed and any(inside(name, folder) for folder in folders):
                yield Finding(name, number, f"{home} must not include {closed}")


def system_headers(tree):
    """winscard.h and libusb.h in one file each, GTK in the windows only, no GLib in the module"""
    found = {}
    for name, number, quoted, angled in includes(tree):
        header = angled or quoted
        if inside(name, "tests") or name in ELSEWHERE:
            continue
        for pattern, folders, most in SYSTEM:
            if not re.fullmatch(pattern, header):
                continue
            if not any(inside(name, folder) for folder in folders):
                yield Finding(name, number, f"<{header}> belongs to {', '.join(folders)}")
            elif most is not None:
                users = found.setdefault(pattern, set())
                users.add(name)
                if len(users) > most:
                    yield Finding(name, number, f"<{header}> is already in {min(users - {name})}")


RULES = [
    (project_layers, {"drivers/gm/a.c": '#include "pkcs11/slot.h"\n', "pkcs11/slot.h": ""}),
    (project_layers, {"drivers/gm/a.c": '#include "common/pkcs11.h"\n', "common/pkcs11.h": ""}),
    (project_layers, {"virtual/key/a.c": '#include "drivers/token.h"\n', "drivers/token.h": ""}),
    (project_layers, {"assistant/cli/a.c": '#include "drivers/token.h"\n'}),
    (project_layers, {"pkcs11/a.c": '#include "drivers/gm/gm.h"\n'}),
    (project_layers, {"skf/a.c": '#include "pkcs11/slot.h"\n', "pkcs11/slot.h": ""}),
    (system_headers, {"drivers/gm/a.c": "#include <winscard.h>\n"}),
    (system_headers, {"drivers/pcsc/a.c": "#include <PCSC/winscard.h>\n",
                      "drivers/pcsc/b.c": "#include <winscard.h>\n"}),
    (system_headers, {"assistant/core/a.c": "#include <gtk/gtk.h>\n"}),
    (system_headers, {"pkcs11/a.c": "#include <openssl/evp.h>\n"}),
    (system_headers, {"pkcs11/a.c": "#include <glib.h>\n"}),
]
