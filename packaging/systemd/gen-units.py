#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service's units out of one table, so that none is less shut in than the others.

gen-units.py SBINDIR UNIT FILE: writes one unit; without arguments, names them all.
"""
import sys

LOCAL = "AF_UNIX"
NETWORK = "AF_UNIX AF_INET AF_INET6"

# unit: what it is, user, its program and what it must be told, families of sockets, more lines
UNITS = {
    "openukey-certd": ("orders", "openukey-certd",
                       "openukey-certd serve --listen unix:/run/openukey-certd/http "
                       "--behind-proxy yes --documents /var/lib/openukey-certd/documents", NETWORK,
                       ["# openukey-papers shuts itself in further, for which it needs seccomp."]),
    "openukey-certd-work": ("deadlines and messages of orders", "openukey-certd",
                            "openukey-certd work --spool /run/openukey-spool/certd", NETWORK, []),
    "openukey-courier@": ("messages of %i to providers", "openukey-courier",
                          "openukey-certd courier --spool /run/openukey-spool/%i", NETWORK, []),
    "openukey-unlockd": ("authorization codes", "openukey-unlockd",
                         "openukey-unlockd run --socket /run/openukey-unlockd/socket "
                         "--spool /run/openukey-spool/unlockd --peers openukey-certd", LOCAL, []),
    "openukey-issuerd": ("issuing", "openukey-issuerd",
                         "openukey-issuerd run --socket /run/openukey-issuerd/socket "
                         "--peers openukey-certd", LOCAL, []),
    "openukey-issuerd-work": ("revocation lists", "openukey-issuerd",
                              "openukey-issuerd work --out /var/lib/openukey-issuerd-work/lists "
                              "--spool /run/openukey-spool/issuerd", LOCAL, []),
    "openukey-kmcd": ("keys for encryption", "openukey-kmcd",
                      "openukey-kmcd run --socket /run/openukey-kmcd/socket "
                      "--spool /run/openukey-spool/kmcd --peers openukey-issuerd", LOCAL, []),
    "openukey-faced": ("enrolment of machines", "openukey-certd",
                       "openukey-faced serve --listen /run/openukey-faced/http", NETWORK, []),
    "openukey-console": ("operators' pages", "openukey-certd",
                         "openukey-console serve --socket /run/openukey-console/http --peers www-data",
                         NETWORK, []),
}

UNIT = """\
# SPDX-License-Identifier: LGPL-2.1-or-later
# Made by packaging/systemd/gen-units.py.
[Unit]
Description=OpenUKey certificate service: {what}
Documentation=man:{program}(8)
ConditionPathExists=/etc/openukey/service/{plain}.env
After=network.target postgresql.service

[Service]
Type=exec
User={user}
Group=openukey-service
EnvironmentFile=/etc/openukey/service/{plain}.env
ExecStart={sbindir}/{command} $OPTIONS
Restart=on-failure
RestartSec=1s
UMask=0027

RuntimeDirectory={plain}
RuntimeDirectoryMode=0750
StateDirectory={plain}
StateDirectoryMode=0700
ReadWritePaths=-/run/openukey-spool

# What it was given to keep stays in it: no core dumps, no swapping, no looking at its memory.
LimitCORE=0
LimitMEMLOCK=64M
MemorySwapMax=0
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProcSubset=pid
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
RemoveIPC=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies={families}
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
{more}
[Install]
WantedBy=multi-user.target
"""


def unit(sbindir, name):
    what, user, command, families, more = UNITS[name]
    return UNIT.format(plain=name.rstrip("@"), what=what, user=user, command=command, sbindir=sbindir,
                       program=command.split()[0], families=families,
                       more="".join(line + "\n" for line in more))


def main():
    if len(sys.argv) == 1:
        print("\n".join(UNITS))
        return
    sbindir, name, path = sys.argv[1:]
    with open(path, "w", encoding="utf-8") as file:
        file.write(unit(sbindir, name))


if __name__ == "__main__":
    main()
