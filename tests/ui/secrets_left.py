# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looking for what must not be left in a process's memory."""


def memory_of(pid):
    """All of a process that it can write to: needs root, for the prompt lets nobody else look."""
    parts = []
    with open("/proc/%d/maps" % pid, encoding="utf-8") as maps, \
            open("/proc/%d/mem" % pid, "rb", 0) as memory:
        for line in maps:
            words = line.split()
            start, end = (int(number, 16) for number in words[0].split("-"))
            if words[1].startswith("rw") and end - start < 1 << 30:  # no sanitizer's shadow
                memory.seek(start)
                try:
                    parts.append(memory.read(end - start))
                except OSError:
                    pass
    return parts


def spellings(text):
    """As bytes, as wide characters, and as what a keyboard's events are made of."""
    keyvals = [b"".join(ord(c).to_bytes(size, "little") for c in text) for size in (1, 2, 4)]
    return [*keyvals, text[::-1].encode()]
