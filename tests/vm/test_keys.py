# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys in a computer as a clerk has it."""
from desk import KEYS
from world import UNIT, expect

NEW_PIN = "248163"


def a_key_that_is_in_before_the_installation_works_without_being_pulled(world):
    world.desk.only("gm3000")
    before = world.desk.node("gm3000")
    expect(world.desk.driver("gm3000") == "usbhid", "the kernel's driver had the key first")
    expect(world.machine.run("command -v pcscd ukey")[0] != 0, "nothing was installed before")
    world.install()
    world.await_keys("GM3000")
    expect(UNIT in world.clerk_does("ukey list"), "the clerk reads the unit's name")
    expect(world.desk.node("gm3000") == before, "it was not pulled")
    expect(world.desk.driver("gm3000") == "usbfs", "the reader driver has it")


def nobody_but_pcscd_can_open_the_keys(world):
    world.with_keys("gm3000", "disc")
    world.machine.do("systemctl stop pcscd.socket pcscd.service; modprobe rfkill")
    world.desk.only()
    world.desk.only("gm3000", "disc")
    # Whoever sits at the computer may open what is meant for him: this works at all.
    expect("user:clerk:" in world.machine.do("getfacl -p /dev/rfkill"), "a session at the seat")
    nodes = {world.desk.node(name): "660" for name in ("gm3000", "disc")}
    for name in ("gm3000", "disc"):
        world.desk.await_driver(name, KEYS[name][5])
        others = world.desk.nodes(name)
        expect(others, f"{name} has other nodes")
        nodes.update({node: "600" for node in others})
    world.say("  " + " ".join(sorted(nodes)))
    expect(any("hidraw" in node for node in nodes) and any("/sr" in node for node in nodes),
           f"one hidraw and one disc among {sorted(nodes)}")
    # Tags stay with a device from one event to the next: so also after a second one.
    world.machine.do(f"udevadm trigger --settle --action=change {' '.join(nodes)}")
    for node, mode in nodes.items():
        found = world.machine.do(f"stat -c '%a %U %G' {node}; getfacl -p {node}")
        expect(found.startswith(f"{mode} root root"), f"{node}: {found}")
        expect("user:clerk" not in found, f"{node}: {found}")
    for user in ("clerk", "stranger"):
        opened = world.machine.run("; ".join(
            f"(exec 3{way}{node}) 2>&1 | grep -q denied || echo {node}" for node in nodes
            for way in ("<", ">>")), user)[1]
        expect(not opened.split(), f"{user} is refused: {opened}")
    world.machine.do("systemctl start pcscd.socket")


# In order: SIGTERM ends Debian 12's pcscd at once, without a word to its drivers; SIGALRM, which it sends
# itself after an idle minute, does not, but is heard when the next program comes.
END_IN_ORDER = """
systemctl kill -s ALRM pcscd.service
python3 -c "import socket; socket.socket(socket.AF_UNIX).connect('/run/pcscd/pcscd.comm')"
"""


def the_kernel_has_its_drivers_back_when_pcscd_ended_in_order(world):
    world.with_keys("gm3000", "disc")
    world.await_keys("GM3000", "DISC")
    for name in ("gm3000", "disc"):
        expect(world.desk.driver(name) == "usbfs", f"the reader driver has {name}")
    expect(world.machine.run("ls /dev/sr0 || ls /dev/hidraw0")[0] != 0, "no nodes of the kernel's")
    world.machine.do(END_IN_ORDER)
    for name in ("gm3000", "disc"):
        world.desk.await_driver(name, KEYS[name][5])
    world.machine.until("[ -e /dev/sr0 ] && ls /dev/hidraw*")
    world.await_keys("GM3000", "DISC")


def pcscd_starts_when_a_program_asks_for_it(world):
    world.with_keys("gm3000")
    world.machine.do("systemctl stop pcscd.service; systemctl restart pcscd.socket")
    expect(world.machine.run("systemctl is-active pcscd.service")[0] != 0, "pcscd has stopped")
    world.await_keys("GM3000")
    world.machine.do("systemctl is-active pcscd.socket pcscd.service")


def every_kind_of_key_is_listed_changes_its_pin_and_signs(world):
    for name, (_, _, _, _, algorithm, _) in KEYS.items():
        world.with_keys(name)
        world.await_keys(name.upper())
        world.clerk_does(f"OPENUKEY_UNVERIFIED=1 ukey pin change --token={name.upper()} --pin-fd=3 "
                         f"--new-pin-fd=4 3<<<{world.pins[name]} 4<<<{NEW_PIN}")
        status, output = world.sign(name)
        expect(status != 0, f"{name}: the old PIN is gone: {output}")
        world.pins[name] = NEW_PIN
        world.signs(name, algorithm)


def a_key_pulled_while_it_signs_is_a_clear_error_and_works_again(world):
    for name, instruction in (("gm3000", "74"), ("disc", "58"), ("ccid", "58")):
        world.with_keys(name)
        world.await_keys(name.upper())
        world.desk.order(name, f"fault ins {instruction} pull-before")
        status, output = world.sign(name)
        world.say(f"  {name}: {status}, {output.strip()}")
        expect(status not in (0, 124, 139, 134), f"{name}: an error: {output}")
        expect("拔" in output or "插" in output, f"{name}: the clerk is told: {output}")
        world.machine.until(f"! ls -d /sys/bus/usb/devices/{world.desk.device(name) or 'none'}")
        world.await_keys()
        world.desk.plug(name)
        world.await_keys(name.upper())
        world.signs(name, KEYS[name][4])


def two_keys_of_different_kinds_sign_at_the_same_time(world):
    world.with_keys("gm3000", "disc")
    world.await_keys("GM3000", "DISC")
    both = "; ".join(
        f"(for i in 1 2 3; do {world.signing(name)} || exit 1; done) & {name}=$!"
        for name in ("gm3000", "disc"))
    world.clerk_does(f"cd; echo '合计 12000 元' >paper; {both}; wait $gm3000 && wait $disc")
    world.verify("gm3000", "sm2")
    world.verify("disc", "rsa")
    world.desk.pull("gm3000")
    world.await_keys("DISC")
    world.signs("disc", "rsa")


TESTS = [
    a_key_that_is_in_before_the_installation_works_without_being_pulled,
    pcscd_starts_when_a_program_asks_for_it,
    nobody_but_pcscd_can_open_the_keys,
    the_kernel_has_its_drivers_back_when_pcscd_ended_in_order,
    every_kind_of_key_is_listed_changes_its_pin_and_signs,
    a_key_pulled_while_it_signs_is_a_clear_error_and_works_again,
    two_keys_of_different_kinds_sign_at_the_same_time,
]
