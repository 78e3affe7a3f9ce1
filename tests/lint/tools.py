# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules that ask another program: the compiler, nm, clang-format, shellcheck, gettext, groff."""
import os
import re
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tree import Finding, run

# header -> what a user must have included before it, by its own first comment
NEEDS_FIRST = {"common/openukey.h": "common/pkcs11.h"}

PACKAGES = ["p11-kit-1", "libpcsclite", "libcrypto", "cmocka", "libusb-1.0", "gtk+-3.0", "gio-2.0",
            "json-glib-1.0", "umockdev-1.0", "jansson", "libmicrohttpd", "libpq", "libsoup-3.0"]

MODULE = "openukey-pkcs11.so"
MODULE_EXPORTS = {"C_GetFunctionList", "C_GetInterface", "C_GetInterfaceList"}
SKF_LIBRARY = re.compile(r"libopenukey-skf\.so(\.\d+)*$")
SKF_ROWS = "skf/functions.def"
READER_DRIVER = re.compile(r"libifd-?openukey\.so(\.\d+)*$")


def needs(program):
    if shutil.which(program) is None:
        raise FileNotFoundError(f"{program} is not installed")


def messages(output, tree, notes=False):
    """file:line: findings out of a compiler-like program's output."""
    for line in output.splitlines():
        hit = re.match(r"(?:In )?([^:\s]+):(\d+):(?:\d+:)?\s*(.*)", line)
        if hit and (notes or " note:" not in line):
            name = os.path.relpath(tree.root / hit.group(1), tree.root)
            yield Finding(name, int(hit.group(2)), hit.group(3))


def formatted(tree):
    """clang-format has nothing to change"""
    needs("clang-format")
    names = tree.match(".c", ".h")
    if names:
        result = run(["clang-format", "--dry-run", "-Werror", *names], cwd=tree.root)
        yield from messages(result.stderr, tree)


def headers_alone(tree):
    """each header compiles by itself"""
    needs("gcc")
    flags = []
    for package in PACKAGES:
        found = run(["pkg-config", "--cflags", package])
        flags += found.stdout.split() if found.returncode == 0 else []
    if tree.build:
        flags.append(f"-I{tree.build}")

    def compile_one(name):
        first = ["-include", NEEDS_FIRST[name]] if name in NEEDS_FIRST else []
        return run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                    "-Wno-unused-parameter", "-Wno-unused-function", "-fsyntax-only", "-x", "c",
                    *flags, "-I.", *first, name], cwd=tree.root).stderr

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for output in pool.map(compile_one, tree.match(".h")):
            yield from (hit for hit in messages(output, tree) if "error" in hit.text)


def exported(path):
    table = run(["nm", "-D", "--defined-only", "--format=posix", path]).stdout
    return {line.split()[0].split("@")[0] for line in table.splitlines() if line.split()[1] not in "A"}


def exported_symbols(tree):
    """the module exports the three getters, the reader driver IFDH*, SKF the rows of its table"""
    needs("nm")
    rows = tree.lines(SKF_ROWS) if SKF_ROWS in tree.files else []
    skf = {hit.group(1) for hit in (re.match(r"FN\((\w+),", line) for line in rows) if hit}
    for path in sorted(tree.build.rglob("*.so*")) if tree.build else []:
        if "planted" in path.parts or not path.is_file():
            continue
        name = os.path.relpath(path, tree.root)
        wanted = MODULE_EXPORTS if path.name == MODULE else skf
        if path.name == MODULE or SKF_LIBRARY.match(path.name):
            symbols = exported(path)
            for symbol in sorted(symbols - wanted):
                yield Finding(name, 0, f"exports {symbol}")
            for symbol in sorted(wanted - symbols):
                yield Finding(name, 0, f"does not export {symbol}")
        elif READER_DRIVER.match(path.name):
            for symbol in sorted(s for s in exported(path) if not s.startswith("IFDH")):
                yield Finding(name, 0, f"exports {symbol}")


def shell_scripts(tree):
    """shellcheck is content"""
    needs("shellcheck")
    names = tree.scripts("bash", "sh")
    if names:
        result = run(["shellcheck", "--format=gcc", "-x", "-P", "SCRIPTDIR", *names], cwd=tree.root)
        yield from messages(result.stdout, tree, notes=True)


def python_scripts(tree):
    """each Python file parses"""
    for name in sorted(set(tree.match(".py")) | set(tree.scripts("python3"))):
        try:
            compile("\n".join(tree.lines(name)) + "\n", name, "exec")
        except SyntaxError as error:
            yield Finding(name, error.lineno or 0, error.msg)


def man_pages(tree):
    """man pages render without a warning"""
    needs("groff")
    for name in [n for n in tree.files if re.search(r"\.[1-8](\.in)?$", n)]:
        if not any(line.startswith((".TH", ".Dd")) for line in tree.lines(name)):
            continue
        result = run(["groff", "-K", "utf8", "-mandoc", "-Tutf8", "-ww", "-z", name], cwd=tree.root)
        for line in result.stderr.splitlines():
            hit = re.search(r":(\d+): (.*)", line)
            yield Finding(name, int(hit.group(1)) if hit else 0, hit.group(2) if hit else line)


def potfiles(tree):
    for name in ("po/POTFILES", "po/POTFILES.in"):
        if name in tree.files:
            return [line.strip() for line in tree.lines(name)
                    if line.strip() and not line.startswith("#")]
    return []


def translated_files(tree):
    """each file with text for people is in po/POTFILES, and each line there is a file"""
    listed = potfiles(tree)
    for name in listed:
        if name not in tree.files:
            yield Finding("po/POTFILES", 0, f"{name} is not there")
    for name in tree.match(".c", ".h", ".def"):
        if name in listed or not name.startswith("assistant/"):
            continue
        for number, line in tree.code(name):
            if re.search(r'(?<![\w.>])(N_|_|C_|ngettext|gettext)\s*\(\s*"', line):
                yield Finding(name, number, "has text to translate and is not in po/POTFILES")
                break
    for name in tree.match(".ui"):
        if name not in listed and any('translatable="yes"' in line for line in tree.lines(name)):
            yield Finding(name, 0, "has text to translate and is not in po/POTFILES")


def translations_complete(tree):
    """every text is translated, none is fuzzy, and none is older than the source"""
    listed = [name for name in potfiles(tree) if name in tree.files]
    if not listed:
        return
    needs("msgcmp")
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "now.pot"
        made = run(["xgettext", "--from-code=UTF-8", "-k_", "-kN_", "-kC_:1c,2", "-kNC_:1c,2",
                    "-o", str(template), *listed], cwd=tree.root)
        if not template.is_file():
            for line in made.stderr.splitlines():
                yield Finding("po/POTFILES", 0, line)
            return
        if "po/zh_CN.po" not in tree.files:
            yield Finding("po/zh_CN.po", 0, "is not there")
        for name in tree.match(".po"):
            checked = run(["msgfmt", "-c", "-o", "/dev/null", name], cwd=tree.root)
            yield from (hit for hit in messages(checked.stderr, tree) if "warning" not in hit.text)
            compared = run(["msgcmp", name, str(template)], cwd=tree.root)
            for line in compared.stderr.splitlines():
                hit = re.match(r"(\S+?):(\d+): (.*)", line)
                if hit:
                    where = hit.group(1) if not hit.group(1).startswith(folder) else name
                    yield Finding(where, int(hit.group(2)), f"{name}: {hit.group(3)}")


POT = {"po/POTFILES": "assistant/a.c\n", "assistant/a.c": '#define _(x) x\nchar *a = _("Hello");\n'}
HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'

RULES = [
    (formatted, {"a.c": "int   a  ;\n", ".clang-format": "BasedOnStyle: LLVM\n"}),
    (headers_alone, {"a.h": "extern uint8_t a;\n"}),
    (exported_symbols, {f"build/{MODULE}": "int C_GetFunctionList, C_GetInterface, "
                        "C_GetInterfaceList, leaked;\n"}),
    (exported_symbols, {f"build/{MODULE}": "int C_GetFunctionList, C_GetInterface;\n"}),
    (exported_symbols, {"build/libopenukey-skf.so.0": "int SKF_EnumDev, leaked;\n",
                        SKF_ROWS: "FN(SKF_EnumDev, NOTHING, ANYONE)\n"}),
    (exported_symbols, {"build/libopenukey-skf.so.0": "int SKF_EnumDev;\n",
                        SKF_ROWS: "FN(SKF_EnumDev, NOTHING, ANYONE)\nFN(SKF_Mac, MAC, USER)\n"}),
    (exported_symbols, {"build/libifd-openukey.so": "int IFDHControl, leaked;\n"}),
    (shell_scripts, {"a.sh": "#!/bin/sh\nrm $1\n"}),
    (python_scripts, {"a.py": "def f(:\n"}),
    (man_pages, {"a.1": ".TH A 1\n.SH NAME\na \\- b\n\\fIc\\fXd\n.br 3 4\n\\*[undefined]\n"}),
    (translated_files, {"assistant/a.c": 'puts(_("Hello"));\n'}),
    (translated_files, {"assistant/a.ui": '<property translatable="yes">Hello</property>\n'}),
    (translated_files, {"po/POTFILES": "assistant/gone.c\n"}),
    (translations_complete, POT),
    (translations_complete, {**POT, "po/zh_CN.po": HEAD}),
    (translations_complete, {**POT, "po/zh_CN.po": HEAD + 'msgid "Hello"\nmsgstr ""\n'}),
    (translations_complete, {**POT, "po/zh_CN.po": HEAD + '#, fuzzy\nmsgid "Hello"\nmsgstr "x"\n'}),
]
