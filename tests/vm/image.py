# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest's disk: Debian 12 with its own kernel and what our packages need, but none of ours."""
import hashlib
import os
import pathlib
import shutil
import subprocess

SUITE = "bookworm"

# What a clerk's computer and the tests need beside the dependencies of our packages. pcscd is not
# among them: installing our packages is to bring it.
PACKAGES = """
acl apparmor at-spi2-core dbus dbus-user-session fonts-wqy-microhei gir1.2-atspi-2.0 iproute2 kmod
libpam-systemd locales login opensc-pkcs11 openssl p11-kit procps python3 python3-gi systemd-sysv udev
usbip xvfb
""".split()

# What apt in the guest finds in its only archive, beside our packages.
ARCHIVE = ["pcscd", "libccid"]

# Modules that the initramfs needs to find the disk.
BOOT_MODULES = ["virtio_pci", "virtio_blk", "ext4"]
# Kinds of devices that the guest has not.
LEAVE_OUT = ["drivers/gpu", "drivers/media", "drivers/infiniband", "drivers/net/ethernet",
             "drivers/net/wireless", "drivers/iio", "drivers/staging", "drivers/mtd", "sound"]

INIT = """#!/bin/busybox sh
B=/bin/busybox
$B mount -t proc proc /proc; $B mount -t devtmpfs dev /dev
for m in $($B cat /list); do $B insmod /mod/$m; done
i=0
until $B mount -t ext4 /dev/vda /mnt; do
	i=$((i + 1)); [ $i -lt 60 ] || exec $B poweroff -f
	$B sleep 1
done
$B umount /proc
exec $B switch_root /mnt /sbin/init
"""

# The folder that the host shares, and the program in it that does what the tests say.
AGENT_UNIT = """[Unit]
Description=Does what the tests say
DefaultDependencies=no
After=systemd-udevd.service sysinit.target

[Service]
ExecStartPre=/bin/sh -c 'mkdir -p /host; mountpoint -q /host || mount -t 9p -o ro,trans=virtio,version=9p2000.L host /host'
ExecStart=/usr/bin/python3 /host/agent.py
Restart=on-failure
StandardOutput=tty
TTYPath=/dev/ttyS0

[Install]
WantedBy=multi-user.target
"""

# The clerk sits at the machine: a session of logind on its seat.
SEAT = """[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin clerk --noclear %I linux
"""

# Nothing is late only because the host is busy with something else.
PATIENCE = """[Manager]
DefaultTimeoutStartSec=900
DefaultTimeoutStopSec=900
DefaultDeviceTimeoutSec=900
"""

MASKED = ["serial-getty@ttyS0.service", "apt-daily.timer", "apt-daily-upgrade.timer",
          "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "dpkg-db-backup.timer",
          "systemd-networkd-wait-online.service", "ldconfig.service"]

SETUP = """
set -e
echo guest >/etc/hostname
echo '127.0.0.1 localhost guest' >/etc/hosts
echo '/dev/vda / ext4 defaults 0 1' >/etc/fstab
echo 'zh_CN.UTF-8 UTF-8' >/etc/locale.gen
locale-gen >/dev/null
useradd -m -s /bin/bash -u 1000 clerk
useradd -m -s /bin/bash -u 1001 stranger
echo 'deb [trusted=yes] file:/host/archive ./' >/etc/apt/sources.list
rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*
systemctl -q enable vm-agent.service
depmod VERSION
"""


def run(*command, **options):
    return subprocess.run(command, check=True, **options)


def output(*command, **options):
    return run(*command, stdout=subprocess.PIPE, text=True, **options).stdout


def kernel_package():
    """The name of the newest kernel of the suite, as linux-image-amd64 depends on it."""
    for line in output("apt-cache", "depends", "linux-image-amd64").splitlines():
        name = line.strip().removeprefix("Depends: ")
        if name.startswith("linux-image-") and name != line.strip():
            return name
    raise SystemExit("apt knows of no linux-image-amd64: apt-get update?")


def dependencies(packages):
    """What the packages in these files depend on and is not among them, first alternatives only."""
    own, wanted = set(), set()
    for package in packages:
        own.add(output("dpkg-deb", "-f", package, "Package").strip())
        fields = output("dpkg-deb", "-f", package, "Depends", "Pre-Depends")
        for field in fields.splitlines():
            for choice in field.partition(":")[2].split(","):
                name = choice.split("|")[0].split("(")[0].strip().partition(":")[0]
                if name:
                    wanted.add(name)
    return wanted - own - set(ARCHIVE)


def make_root(root, packages):
    """In a mount namespace of its own and by way of a tar file: whatever happens, nothing of this
    computer is mounted in the folder that is thrown away later."""
    tar = root.with_suffix(".tar")
    run("unshare", "--mount", "--propagation", "private",
        "mmdebstrap", "--quiet", "--mode=root", "--variant=minbase",
        "--include=" + ",".join(sorted(packages)),
        "--aptopt=Acquire::Languages none",
        "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
        "--customize-hook=rm -f \"$1\"/etc/dpkg/dpkg.cfg.d/99mmdebstrap", SUITE, tar)
    root.mkdir()
    run("tar", "-C", root, "--numeric-owner", "--xattrs", "-xf", tar)
    tar.unlink()


def add_kernel(folder, root, kernel):
    """Unpacks it, and does not install it: the host boots it. Returns its version."""
    unpacked = folder / "kernel"
    unpacked.mkdir()
    run("apt-get", "download", "-q", kernel, cwd=unpacked, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    run("dpkg-deb", "-x", next(unpacked.glob("*.deb")), unpacked)
    version = next((unpacked / "lib/modules").iterdir()).name
    modules = unpacked / "lib/modules" / version
    for left_out in LEAVE_OUT:
        shutil.rmtree(modules / "kernel" / left_out, ignore_errors=True)
    (root / "lib/modules").mkdir(exist_ok=True)
    shutil.move(modules, root / "lib/modules" / version)
    shutil.copy(unpacked / "boot" / f"vmlinuz-{version}", folder / "vmlinuz")
    shutil.rmtree(unpacked)
    return version


def set_up(root, version):
    units = root / "etc/systemd/system"
    (units / "vm-agent.service").write_text(AGENT_UNIT)
    seat = units / "getty@tty1.service.d"
    seat.mkdir(parents=True)
    (seat / "seat.conf").write_text(SEAT)
    for manager in ("system", "user"):
        settings = root / f"etc/systemd/{manager}.conf.d"
        settings.mkdir()
        (settings / "patience.conf").write_text(PATIENCE)
    for unit in MASKED:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    run("chroot", root, "/bin/sh", "-c", SETUP.replace("VERSION", version))


def make_initramfs(folder, root, version):
    tree = folder / "initramfs"
    for name in ("bin", "proc", "dev", "mnt", "mod"):
        (tree / name).mkdir(parents=True)
    shutil.copy("/usr/bin/busybox", tree / "bin/busybox")
    modules = []
    for module in BOOT_MODULES:
        for line in output("chroot", root, "/sbin/modprobe", "-S", version, "--show-depends",
                           module).splitlines():
            path = line.split()[1] if line.startswith("insmod") else None
            if path is not None and path not in modules:
                modules.append(path)
    for path in modules:
        shutil.copy(str(root) + path, tree / "mod")
    (tree / "list").write_text("".join(os.path.basename(path) + "\n" for path in modules))
    (tree / "init").write_text(INIT)
    (tree / "init").chmod(0o755)
    names = output("find", ".", cwd=tree)
    with open(folder / "initramfs.cpio", "wb") as file:
        run("cpio", "--quiet", "-o", "-H", "newc", cwd=tree, input=names.encode(), stdout=file)
    shutil.rmtree(tree)


def key_of(packages, kernel):
    text = pathlib.Path(__file__).read_text(encoding="utf-8")
    return hashlib.sha256("\n".join([text, kernel, *sorted(packages)]).encode()).hexdigest()[:12]


def image(cache, packages, say):
    """The folder with disk, vmlinuz and initramfs.cpio for a guest into which these packages can be
    installed; made when there is none yet. Needs root."""
    kernel = kernel_package()
    wanted = dependencies(packages) | set(PACKAGES)
    folder = cache / f"guest-{key_of(wanted, kernel)}"
    if (folder / "disk").exists():
        say(f"guest: {folder.name}, made before")
        return folder
    for old in cache.glob("guest-*"):
        shutil.rmtree(old)
    folder.mkdir(parents=True)
    root = folder / "root"
    say(f"guest: Debian 12 with {kernel}, takes some minutes")
    make_root(root, wanted)
    version = add_kernel(folder, root, kernel)
    set_up(root, version)
    make_initramfs(folder, root, version)
    say("guest: its disk")
    disk = folder / "disk.new"
    with open(disk, "wb") as file:
        file.truncate(4 << 30)
    run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", root, disk)
    shutil.rmtree(root)
    disk.rename(folder / "disk")
    return folder


def make_archive(folder, packages):
    """An archive for apt with our packages and what they bring with them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run("apt-get", "download", "-q", *ARCHIVE, cwd=folder, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    for package in packages:
        shutil.copy(package, folder)
    (folder / "Packages").write_text(output("dpkg-scanpackages", "-m", ".", cwd=folder,
                                            stderr=subprocess.DEVNULL))
