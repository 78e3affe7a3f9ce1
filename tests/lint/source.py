# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules about what a file says: secrets, sizes, licences, tables, names that must not be there."""
import re

from tree import Finding, grep

FILE_MAX = 600
HEADER_MAX = 150
FUNCTION_MAX = 80
PARAMETERS_MAX = 6
# PKCS#11, our interface beside it, SKF, the reader API, PC/SC, what GDBus calls: their lists of parameters are not ours.
API_NAMES = re.compile(r"C_|SKF_|IFDH|SCard|dbus_|UNSUPPORTED$|import_rsa_key$|on_(?:cmp|http)_request$|on_http_field$")
# Headers that are an agreement between several parts and are easier to read whole.
LONG_HEADERS = {"common/gm.h", "common/openukey.h", "common/pkcs11/ciphers.h",
                "common/pkcs11/derivation.h", "common/pkcs11/mechanisms.h",
                "common/pkcs11/parameters.h", "common/pkcs11/types.h", "drivers/token.h", "skf/skf.h",
                "drivers/crypto/crypto.h"}

# No place for a licence line, or not ours to put one into.
NO_SPDX = re.compile(r"(^|/)(LICENSE|NEWS|LINGUAS|\.[a-z-]+)$|\.(md|json|bin|png|svg|der|hex|txt|sig)$"
                     r"|^tests/fuzz/corpus/|^packaging/debian/(changelog|copyright|source/format)$")

HOSTS = re.compile(r"(^|\.)(example|example\.(org|com|net)|test|invalid|localhost|gnu\.org|w3\.org"
                   r"|projectmallard\.org|freedesktop\.org|www\.apple\.com|spdx\.org|fsf\.org|oasis-open\.org|www\.debian\.org)$"
                   r"|^unix$|^127\.0\.0\.1$|^\[::1\]$|^[@$%{<].*")

SECRET_WORDS = r"pins?|secrets?|keys?|admin|mac|passwords?|passwd|cryptogram|sm4"


def c_files(tree):
    return tree.match(".c", ".h")


def bare_wipes(tree):
    """a secret is wiped by uk_wipe, never by memset or bzero"""
    word = rf"(?:\w*_)?(?:{SECRET_WORDS})(?:_\w*)?"
    yield from grep(tree, c_files(tree),
                    rf"\b(?:memset|bzero|__builtin_memset)\s*\([^,;]*?\b{word}\b[^,;]*,",
                    "{0} … wipes a secret: use uk_wipe", code=True)


def wipe_in_one_place(tree):
    """explicit_bzero and its kin only in common/secret.h"""
    names = [name for name in c_files(tree) if name != "common/secret.h"]
    yield from grep(tree, names, r"\b(explicit_bzero|explicit_memset|memset_s|OPENSSL_cleanse)\s*\(",
                    "{0} belongs to common/secret.h: use uk_wipe", code=True)


def banned_calls(tree):
    """no unbounded string functions, no goto"""
    yield from grep(tree, c_files(tree),
                    r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|tmpnam)\s*\(",
                    "{0} has no bounds", code=True)
    yield from grep(tree, c_files(tree), r"^\s+goto\s+\w+;", "{0} early return and UK_CLEANUP",
                    code=True)


def host_stays_alive(tree):
    """nothing that is loaded into another program ends it or reads its environment"""
    names = [name for name in c_files(tree)
             if name.startswith(("common/", "pkcs11/", "drivers/"))
             and not name.startswith("drivers/skf/host/")]  # a program of its own
    yield from grep(tree, names, r"(?<![\w.>])(assert|abort|exit|_exit)\s*\(",
                    "{0} would end the host program", code=True)
    yield from grep(tree, names, r"(?<!\w)getenv\s*\(", "{0} use secure_getenv", code=True)


def licence_lines(tree):
    """an SPDX line at the top of every file"""
    for name in tree.files:
        if NO_SPDX.search(name) or not tree.lines(name):
            continue
        if not any("SPDX-License-Identifier: " in line for line in tree.lines(name)[:5]):
            yield Finding(name, 1, "no SPDX-License-Identifier line")


def file_sizes(tree):
    """files have at most 600 lines, headers 150"""
    code = set(tree.match(".c", ".h", ".def", ".py", ".sh")) | set(tree.scripts("bash", "sh", "python3"))
    for name in sorted(code):
        limit = FILE_MAX
        if name.endswith(".h") and name not in LONG_HEADERS:
            limit = HEADER_MAX
        count = len(tree.lines(name))
        if count > limit:
            yield Finding(name, count, f"{count} lines, at most {limit}")


def function_sizes(tree):
    """functions have at most 80 lines"""
    for name in tree.match(".c"):
        start = 0
        for number, line in tree.numbered(name):
            if line == "{":
                start = number
            elif line == "}" and start:
                if number - start + 1 > FUNCTION_MAX:
                    yield Finding(name, start, f"{number - start + 1} lines, at most {FUNCTION_MAX}")
                start = 0


def parameter_counts(tree):
    """functions have at most 6 parameters, unless the API that they belong to dictates more"""
    for name in tree.match(".c"):
        text = "\n".join(line for _, line in tree.code(name))
        for hit in re.finditer(r"^(\w+)\(([^;{}]*)\)\n\{", text, flags=re.M):
            count = re.sub(r"\([^()]*\)", "", hit.group(2)).count(",") + 1
            if count > PARAMETERS_MAX and not API_NAMES.match(hit.group(1)):
                yield Finding(name, text.count("\n", 0, hit.start()) + 1,
                              f"{hit.group(1)}: {count} parameters, at most {PARAMETERS_MAX}")


def strange_places(tree):
    """no path of a developer's machine, no address of somebody else's server"""
    text = [name for name in tree.files if name != "LICENSE"]
    yield from grep(tree, text, r"(?<![\w.$}])/(work|home/(?!\.\.\.)\w+|root/\w+|tmp/wt)/",
                    "{0} is a path of one machine")
    for name in text:
        # the sites of CAs and halls are what these files are about
        if name.startswith("assistant/data/profiles/"):
            continue
        for number, line in tree.numbered(name):
            for host in re.findall(r"\bhttps?://([^/\s\"'<>)`:]+)", line):
                if not HOSTS.search(host):
                    yield Finding(name, number, f"{host}: not on the list of hosts we may name")


def rows(tree, name):
    """(line, fields) of each NAME(a, b, ...) row of a .def table."""
    for number, line in tree.numbered(name):
        hit = re.match(r"[A-Z][A-Z0-9_]*\((.*)\)\s*(?:/\*.*)?$", line)
        if hit:
            yield number, [field.strip() for field in hit.group(1).split(",")]


# What tells the rows of a table apart, where it is not the first column alone.
ROW_KEYS = {
    "assistant/core/desk.def": [(0, 1)],
    "assistant/core/flow.def": [(0, 1)],
    "common/commands.def": [(0,), (1,)],
    "service/orders/flow.def": [(0, 1, 2)],
}


def unique_rows(tree):
    """no two rows of a .def table share their name, no two commands their number"""
    for name in tree.match(".def"):
        for columns in ROW_KEYS.get(name, [(0,)]):
            seen = {}
            for number, fields in rows(tree, name):
                key = ", ".join(fields[column] for column in columns if column < len(fields))
                if key in seen:
                    yield Finding(name, number, f"{key} is already in line {seen[key]}")
                seen.setdefault(key, number)


# table -> how its rows sort
SORTED = {
    "common/commands.def": lambda line: re.match(r"COMMAND\(\w+, (0x[0-9a-f]+)", line),
    "tests/packages.tsv": lambda line: re.match(r"([^#\t]+)\t", line),
    "po/POTFILES": lambda line: re.match(r"([^#\s]+)$", line),
    "po/POTFILES.in": lambda line: re.match(r"([^#\s]+)$", line),
}


def sorted_tables(tree):
    """tables that are read by people and machines are sorted"""
    for name, key_of in SORTED.items():
        last = ""
        for number, line in tree.numbered(name) if name in tree.files else []:
            hit = key_of(line)
            if hit is None:
                continue
            if hit.group(1) <= last:
                yield Finding(name, number, f"{hit.group(1)} must come before {last}")
            last = hit.group(1)


def meson_lists_files(tree):
    """meson files name their sources, they do not look for them"""
    names = [name for name in tree.files if name.endswith("meson.build")]
    yield from grep(tree, names, r"^[^#]*(\bglob\b|run_command\(.*'(find|ls|sh|bash)'|\*\.[ch]\b)",
                    "{0} name the files instead")


def tidy_text(tree):
    """no trailing blanks, no carriage returns, a newline at the end"""
    for name in tree.match(".c", ".h", ".def", ".py", ".sh", "meson.build", ".tsv"):
        data = (tree.root / name).read_bytes()
        if data and not data.endswith(b"\n"):
            yield Finding(name, len(tree.lines(name)), "no newline at the end")
        if b"\r" in data:
            yield Finding(name, 1, "carriage returns")
    yield from grep(tree, tree.match(".c", ".h", ".def", ".py", ".sh", "meson.build"), r"[ \t]+$",
                    "blanks at the end of the line")


SPDX = "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
LONG_FUNCTION = SPDX + "int\nf(void)\n{\n" + "\tg();\n" * 80 + "}\n"

RULES = [
    (bare_wipes, {"a.c": "\tmemset(user_pin, 0, sizeof(user_pin));\n"}),
    (bare_wipes, {"a.c": "\tbzero(state->admin_key, 16);\n"}),
    (wipe_in_one_place, {"a.c": "\texplicit_bzero(x, 4);\n"}),
    (banned_calls, {"a.c": "\tstrcpy(a, b);\n"}),
    (banned_calls, {"a.c": "\tgoto out;\n"}),
    (host_stays_alive, {"pkcs11/a.c": "\tassert(x);\n"}),
    (host_stays_alive, {"drivers/gm/a.c": "\tx = getenv(name);\n"}),
    (licence_lines, {"a.c": "int a;\n"}),
    (file_sizes, {"a.c": "int a;\n" * 601}),
    (file_sizes, {"a.h": "int a;\n" * 151}),
    (function_sizes, {"a.c": LONG_FUNCTION}),
    (parameter_counts, {"a.c": "int\nf(int a, int b, int (*c)(int, int),\n  int d, int e, int f, int g)\n{\n}\n"}),
    (strange_places, {"a.c": "open(\"/ho" "me/someone/x\")\n"}),
    (strange_places, {"a.md": "see http:" "//registry.elsewhere.com/x\n"}),
    (unique_rows, {"common/status.def": "STATUS(OK, 0, \"x\")\nSTATUS(OK, 1, \"y\")\n"}),
    (unique_rows, {"common/commands.def": "COMMAND(A, 0x02, X)\nCOMMAND(B, 0x02, X)\n"}),
    (sorted_tables, {"common/commands.def": "COMMAND(A, 0x04, X)\nCOMMAND(B, 0x02, X)\n"}),
    (sorted_tables, {"tests/packages.tsv": "gcc\twhy\nclang\twhy\n"}),
    (meson_lists_files, {"meson.build": "x = run_command('find', '.')\n"}),
    (tidy_text, {"a.c": "int a; \n"}),
    (tidy_text, {"a.h": "int a;"}),
]
