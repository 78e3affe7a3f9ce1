# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rest of a computer: the window, sleep, the certificate service's units, AppArmor."""
from desk import UNIT
from world import Skipped, expect

# The window on a screen of its own, in the clerk's session.
WINDOW = """
export DISPLAY=:7 NO_AT_BRIDGE=0 GTK_A11Y=1
Xvfb :7 -screen 0 1024x768x24 -nolisten tcp >xvfb.log 2>&1 &
xvfb=$!
until [ -e /tmp/.X11-unix/X7 ]; do sleep 0.5; done
openukey-assistant >window.log 2>&1 &
window=$!
python3 /host/look.py {seconds} {texts}
status=$?
kill $window $xvfb
cat window.log
exit $status
"""


def the_window_shows_the_certificate_of_the_key(world):
    world.with_keys("gm3000")
    shown = world.clerk_does("cd; " + WINDOW.format(seconds=400, texts=UNIT), timeout=600)
    world.say("  " + " | ".join(shown.splitlines())[:300])


def a_key_that_slept_or_was_reset_works(world):
    """As far as USB/IP lets keys sleep: the kernel's autosuspend, and a reset of the port."""
    for name, algorithm in (("gm3000", "sm2"), ("disc", "rsa")):
        world.with_keys(name)
        world.machine.do("systemctl stop pcscd.service")
        power = f"/sys/bus/usb/devices/{world.desk.device(name)}/power"
        world.machine.do(f"echo 100 >{power}/autosuspend_delay_ms; echo auto >{power}/control")
        status, _ = world.machine.run(f"for i in $(seq 60); do grep -q suspended "
                                      f"{power}/runtime_status && exit; sleep 0.5; done; exit 1")
        world.say(f"  {name}: {'sleeps' if status == 0 else 'does not sleep'} when nobody uses it")
        world.await_keys(name.upper())
        world.signs(name, algorithm)
        device = f"/sys/bus/usb/devices/{world.desk.device(name)}"
        world.machine.do(f"echo 0 >{device}/authorized; echo 1 >{device}/authorized; "
                         "udevadm settle -t 120")
        world.await_keys(name.upper())
        world.signs(name, algorithm)


def the_units_of_the_service_are_sound_and_start(world):
    world.install()
    units = world.machine.do("cd /usr/lib/systemd/system; ls openukey-*.service")
    world.machine.do("cd /usr/lib/systemd/system; systemd-analyze verify --man=no $(ls openukey-*.service "
                     "| sed 's/@/@test/')")
    world.say("  " + " ".join(units.split()))
    for unit in units.split():
        if "@" not in unit:  # without settings it does not start, and says so without failing
            world.machine.do(f"systemctl start {unit}; ! systemctl is-failed {unit}")
    world.machine.do("/host/service-setup.sh", timeout=900)
    for unit in ("unlockd", "issuerd", "certd"):
        world.machine.do(f"systemctl start openukey-{unit}.service")
        world.machine.until(f"systemctl is-active openukey-{unit}.service && "
                            f"! journalctl -u openukey-{unit} | grep -i 'main process exited'")
    world.say("  " + world.machine.until("python3 /host/knock.py /run/openukey-certd/http /"))
    world.machine.do("systemctl stop 'openukey-*'")


def apparmor_shuts_in_what_has_a_profile(world):
    world.install()
    if world.machine.run("cat /sys/module/apparmor/parameters/enabled")[1].strip() != "Y":
        raise Skipped("this kernel runs without AppArmor")
    profiles = world.machine.run("grep -ls openukey /etc/apparmor.d/*")[1].split()
    if not profiles:
        raise Skipped("the packages bring no profile")
    world.machine.do("systemctl start apparmor")
    loaded = world.machine.do("cat /sys/kernel/security/apparmor/profiles")
    world.say("  " + ", ".join(line for line in loaded.splitlines() if "openukey" in line))
    expect("openukey" in loaded, "a profile is loaded")


def polkit_of_newer_systems_is_diagnosed(world):
    raise Skipped("Debian 12's pcscd asks no polkit; needs a guest of a newer Debian")


TESTS = [
    the_window_shows_the_certificate_of_the_key,
    a_key_that_slept_or_was_reset_works,
    the_units_of_the_service_are_sound_and_start,
    apparmor_shuts_in_what_has_a_profile,
    polkit_of_newer_systems_is_diagnosed,
]
