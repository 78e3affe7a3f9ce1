#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: knock.py SOCKET PATH asks for a page over HTTP on a Unix socket; prints the status line."""
import socket
import sys

door = socket.socket(socket.AF_UNIX)
door.connect(sys.argv[1])
door.sendall(f"GET {sys.argv[2]} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
line = door.makefile("rb").readline().decode().strip()
print(line)
sys.exit(0 if line.startswith("HTTP/1.") else 1)
