#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Opens a letter that was encrypted to a key's SM2 certificate, as programs that are not ours would:
open_letter.py MODULE SERIAL ID KEY LETTER 3< PIN.  KEY is an SM4 key that openssl encrypted to the
certificate, LETTER what it encrypted with it (SM4-CBC, IV of zeros).  The SM4 key is opened inside the
UKEY and never leaves it."""
import ctypes
import os
import sys

# Where PKCS #11's list has the functions, counted from 0.
(INITIALIZE, SLOT_LIST, TOKEN_INFO, OPEN_SESSION, LOGIN, FIND_INIT, FIND, DECRYPT_INIT, DECRYPT,
 UNWRAP) = 0, 4, 6, 12, 18, 26, 27, 33, 34, 61
SERIAL_AT, SERIAL_LEN, TOKEN_INFO_LEN = 80, 16, 256
CLASS, ID, PRIVATE_KEY = 0, 0x102, 3
SM2_DER, SM4_CBC = 0x80008201, 0x8000A200
RW_SERIAL, USER = 6, 1
Ulong = ctypes.c_ulong


class Mechanism(ctypes.Structure):
    _fields_ = [("type", Ulong), ("parameter", ctypes.c_void_p), ("length", Ulong)]


class Attribute(ctypes.Structure):
    _fields_ = [("type", Ulong), ("value", ctypes.c_void_p), ("length", Ulong)]


class Functions(ctypes.Structure):
    _fields_ = [("version", ctypes.c_ubyte * 2), ("list", ctypes.c_void_p * 68)]


class Module:
    def __init__(self, path):
        functions = ctypes.POINTER(Functions)()
        ctypes.CDLL(path).C_GetFunctionList(ctypes.byref(functions))
        self.list = functions.contents.list
        self.call(INITIALIZE, None)

    def call(self, at, *arguments):
        kinds = [Ulong if isinstance(argument, int) else ctypes.c_void_p for argument in arguments]
        code = ctypes.CFUNCTYPE(Ulong, *kinds)(self.list[at])(
            *[argument if argument is None or isinstance(argument, int)
              else ctypes.cast(argument, ctypes.c_void_p) for argument in arguments])
        if code != 0:
            sys.exit(f"PKCS #11 function {at}: {code:#x}")

    def slot(self, serial):
        count = Ulong(16)
        slots = (Ulong * 16)()
        self.call(SLOT_LIST, 1, slots, ctypes.pointer(count))
        for slot in slots[:count.value]:
            info = ctypes.create_string_buffer(TOKEN_INFO_LEN)
            self.call(TOKEN_INFO, slot, info)
            if info.raw[SERIAL_AT:SERIAL_AT + SERIAL_LEN].decode().strip() == serial:
                return slot
        return sys.exit("no such key")

    def private_key(self, session, name):
        kind, handle, count = Ulong(PRIVATE_KEY), Ulong(), Ulong()
        text = ctypes.create_string_buffer(name, len(name))
        wanted = (Attribute * 2)(
            Attribute(CLASS, ctypes.addressof(kind), ctypes.sizeof(kind)),
            Attribute(ID, ctypes.addressof(text), len(name)))
        self.call(FIND_INIT, session, wanted, 2)
        self.call(FIND, session, ctypes.pointer(handle), 1, ctypes.pointer(count))
        return handle.value if count.value else sys.exit("no such private key")


def main(path, serial, name, wrapped_path, letter_path):
    with os.fdopen(3, "rb") as file:
        pin = file.read().strip()
    with open(wrapped_path, "rb") as file:
        wrapped = file.read()
    with open(letter_path, "rb") as file:
        letter = file.read()
    module, session, key = Module(path), Ulong(), Ulong()
    module.call(OPEN_SESSION, module.slot(serial), RW_SERIAL, None, None, ctypes.pointer(session))
    module.call(LOGIN, session.value, USER, ctypes.create_string_buffer(pin, len(pin)), len(pin))
    module.call(UNWRAP, session.value, ctypes.pointer(Mechanism(SM2_DER, None, 0)),
                module.private_key(session.value, bytes.fromhex(name)),
                ctypes.create_string_buffer(wrapped, len(wrapped)), len(wrapped), None, 0,
                ctypes.pointer(key))
    zeros = ctypes.create_string_buffer(16)
    module.call(DECRYPT_INIT, session.value,
                ctypes.pointer(Mechanism(SM4_CBC, ctypes.addressof(zeros), 16)), key.value)
    plain, length = ctypes.create_string_buffer(len(letter)), Ulong(len(letter))
    module.call(DECRYPT, session.value, ctypes.create_string_buffer(letter, len(letter)),
                len(letter), plain, ctypes.pointer(length))
    sys.stdout.buffer.write(plain.raw[:length.value - plain.raw[length.value - 1]])


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
