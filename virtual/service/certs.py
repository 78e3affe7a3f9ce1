# SPDX-License-Identifier: LGPL-2.1-or-later
"""The few things of a certificate that are asked for here."""

ORGANISATION = bytes.fromhex("060355040a")
COMMON_NAME = bytes.fromhex("0603550403")


def oid(text):
    """An OBJECT IDENTIFIER as DER."""
    first, second, *rest = map(int, text.split("."))
    body = bytearray([40 * first + second])
    for number in rest:
        part = [number & 0x7F]
        while number := number >> 7:
            part.insert(0, 0x80 | number & 0x7F)
        body += bytes(part)
    return bytes([6, len(body)]) + bytes(body)


def element(data, at):
    """(tag, where its content begins, where it ends)"""
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(data[start:start + count], "big"), start + count
    if start + length > len(data):
        raise ValueError("cut off")
    return tag, start, start + length


def subject(cert):
    """The DER of the holder's name."""
    _, tbs, _ = element(cert, 0)
    _, at, _ = element(cert, tbs)
    if cert[at] == 0xA0:  # the version
        at = element(cert, at)[2]
    for _ in range(4):  # serial number, algorithm, issuer, validity
        at = element(cert, at)[2]
    return cert[at:element(cert, at)[2]]


def _text_after(data, name):
    at = data.find(name)
    if at < 0:
        return None
    _, start, end = element(data, at + len(name))
    return data[start:end]


def unit(cert):
    """The unit's name."""
    name = subject(cert)
    text = _text_after(name, ORGANISATION) or _text_after(name, COMMON_NAME)
    return text.decode() if text else None


def credit_code(cert):
    """The unit's code in the extension that Chinese CAs use, if it is there."""
    inner = _text_after(cert, oid("1.2.156.112562.2.1.1.17"))
    if not inner:
        return None
    _, start, end = element(inner, 0)
    return inner[start:end].decode()
