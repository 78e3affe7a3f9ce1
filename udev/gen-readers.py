#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes from keys.tsv what turns USB keys into readers.

Usage: gen-readers.py models|plist|plist-virtual|rules|rules-virtual|metainfo KEYS.TSV OUTPUT

  models         rows of struct ifd_model for drivers/ifd
  plist          the bundle's Info.plist: what pcscd looks for on the bus
  plist-virtual  the same for virtual keys only
  rules          who may open the devices
  rules-virtual  the same for virtual keys only; never installed
  metainfo       what software centres offer the reader driver for
"""
import sys

from key_list import RESETS, fail, read_rows

# (transport, framing) -> how drivers/ifd speaks to it; every other row is a sighting
EXCHANGES = {
    ("hid", "gm3000"): "exchange_hid",
    ("storage", "gmcapidfs"): "exchange_storage",
}

PLIST = """<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->
<!-- Made from udev/keys.tsv by gen-readers.py. -->
<plist version="1.0">
<dict>
	<key>CFBundleInfoDictionaryVersion</key>
	<string>6.0</string>
	<key>CFBundleName</key>
	<string>OPENUKEY</string>
	<key>CFBundleExecutable</key>
	<string>libifd-openukey.so</string>
%s</dict>
</plist>
"""

RULES = """# SPDX-License-Identifier: LGPL-2.1-or-later
# Made from udev/keys.tsv by gen-readers.py. These keys are pcscd's alone: whoever could open them past
# it, a browser with WebHID for one, could use up the tries. Taking the tag away is not enough: udev keeps tags
# of earlier events and gives the node to whoever sits at its seat. So it has a seat where nobody sits.
ACTION=="remove", GOTO="openukey_end"
%sLABEL="openukey_end"
"""

RULE = """
# {name}
SUBSYSTEM=="usb", ENV{{DEVTYPE}}=="usb_device", ATTR{{idVendor}}=="{vendor}", ATTR{{idProduct}}=="{product}", \\
  GROUP="root", MODE="0660", TAG-="uaccess", ENV{{ID_SEAT}}="seat-none"
SUBSYSTEM=="hidraw|usbmisc|block|scsi_generic|bsg", ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}", \\
  GROUP="root", MODE="0600", TAG-="uaccess", ENV{{ID_SEAT}}="seat-none", \\
  ENV{{UDISKS_IGNORE}}="1"
"""


METAINFO = """<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: CC0-1.0 -->
<!-- Made from udev/keys.tsv by gen-readers.py. -->
<component type="driver">
  <id>org.openukey.ifd</id>
  <metadata_license>CC0-1.0</metadata_license>
  <project_license>LGPL-2.1-or-later</project_license>
  <name>OpenUKey reader driver</name>
  <name xml:lang="zh_CN">OpenUKey 读写器驱动</name>
  <summary>Makes USB keys that are no smart card readers work with pcscd</summary>
  <summary xml:lang="zh_CN">让不是读卡器的 UKEY 也能被智能卡服务使用</summary>
  <description>
    <p>Keys that show as HID or mass-storage devices become readers, so that several programs can share them.</p>
    <p xml:lang="zh_CN">把显示为 HID 或 U 盘的 UKEY 变成读写器，多个程序可以同时使用。</p>
  </description>
  <provides>
%s  </provides>
</component>
"""


def flags_of(row):
    return [] if row["flags"] == "-" else row["flags"].split(",")


def driven(path):
    for row in read_rows(path):
        exchange = EXCHANGES.get((row["transport"], row["framing"]))
        if exchange is None or row["match"] == "-":
            continue
        if row["match"] != "reader:" + row["name"]:
            fail(row["number"], "the reader driver names its reader as the row is named")
        resets = [RESETS[flag] for flag in flags_of(row) if flag in RESETS]
        if len(resets) != 1:
            fail(row["number"], "the reader driver must know how to end a login: reset=...")
        row["exchange"], row["reset"] = exchange, resets[0]
        row["is_virtual"] = "virtual" in flags_of(row)
        yield row


def models(rows):
    lines = ["/* SPDX-License-Identifier: LGPL-2.1-or-later */",
             "/* Made from udev/keys.tsv by udev/gen-readers.py. */"]
    for row in rows:
        lines.append(f'{{0x{row["vendor"]}, 0x{row["product"]}, "{row["name"]}", '
                     f'&{row["exchange"]}, {row["reset"]}}},')
    return "\n".join(lines) + "\n"


def plist(rows):
    arrays = []
    for key, value in (("ifdVendorID", "0x{vendor}"), ("ifdProductID", "0x{product}"),
                       ("ifdFriendlyName", "{name}")):
        strings = "".join(f"\t\t<string>{value.format(**row)}</string>\n" for row in rows)
        arrays.append(f"\t<key>{key}</key>\n\t<array>\n{strings}\t</array>\n")
    return PLIST % "".join(arrays)


def rules(rows):
    return RULES % "".join(RULE.format(**row) for row in rows)


def metainfo(rows):
    return METAINFO % "".join(
        f"    <modalias>usb:v{row['vendor'].upper()}p{row['product'].upper()}d*</modalias>\n"
        for row in rows)


OUTPUTS = {
    "models": lambda rows: models(rows),
    "plist": lambda rows: plist([row for row in rows if not row["is_virtual"]]),
    "plist-virtual": lambda rows: plist([row for row in rows if row["is_virtual"]]),
    "rules": lambda rows: rules([row for row in rows if not row["is_virtual"]]),
    "rules-virtual": lambda rows: rules([row for row in rows if row["is_virtual"]]),
    "metainfo": lambda rows: metainfo([row for row in rows if not row["is_virtual"]]),
}


def main():
    what, source, output = sys.argv[1:]
    text = OUTPUTS[what](list(driven(source)))
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
