# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is told to people, in their language; and how a command ends that cannot do what it should."""
import gettext
import os


class Trouble(Exception):
    """Told to the person; the command ends with 1."""


_catalogue = gettext.NullTranslations()


def speak(folder):
    """The catalogue of the language that LANGUAGE, LC_ALL, LC_MESSAGES or LANG asks for."""
    global _catalogue  # pylint: disable=global-statement
    _catalogue = gettext.translation("openukey", os.environ.get("OPENUKEY_LOCALEDIR") or folder,
                                     fallback=True)


def _(text):
    return _catalogue.gettext(text)
