#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sm2_digest.py PUBLIC_KEY.pem DATA OUT: what an SM2 key signs, SM3(Z || data), GM/T 0003.2, 5.5.

For mechanisms that take a digest; the distinguishing ID is 1234567812345678.
"""
import hashlib
import pathlib
import subprocess
import sys

ID = b"1234567812345678"
# a, b, and the base point of the curve, GM/T 0003.5
CURVE = bytes.fromhex(
    "FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC"
    "28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93"
    "32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7"
    "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0")


def sm3(data):
    return hashlib.new("sm3", data).digest()


def main():
    key, data, out = sys.argv[1:]
    der = subprocess.run(["openssl", "pkey", "-pubin", "-in", key, "-outform", "DER"],
                         check=True, capture_output=True).stdout
    point = der[-64:]  # x and y end the structure
    z = sm3((len(ID) * 8).to_bytes(2, "big") + ID + CURVE + point)
    pathlib.Path(out).write_bytes(sm3(z + pathlib.Path(data).read_bytes()))


main()
