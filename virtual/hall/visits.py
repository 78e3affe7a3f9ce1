# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is at the hall: visits, what each was asked to sign, and who is logged in."""
import secrets
import threading
import time

CHALLENGE_LIFE = 120  # s, unless the command line says otherwise
IDLE = 30 * 60  # s
VISITS_MAX = 4096


class Visit:
    """One browser. holder: what the certificate said, once logged in."""

    def __init__(self):
        self.id = secrets.token_urlsafe(32)
        self.seen = time.monotonic()
        self.challenge = None  # (text, way, when)
        self.holder = None


class Visits:
    def __init__(self, challenge_life=CHALLENGE_LIFE):
        self.challenge_life = challenge_life
        self.lock = threading.Lock()
        self.table = {}

    def _begin(self):
        visit = Visit()
        if len(self.table) >= VISITS_MAX:
            oldest = min(self.table.values(), key=lambda other: other.seen)
            del self.table[oldest.id]
        self.table[visit.id] = visit
        return visit

    def find(self, name):
        """The visit of a cookie, or None."""
        with self.lock:
            visit = self.table.get(name)
            if visit is None:
                return None
            if time.monotonic() - visit.seen > IDLE:
                del self.table[name]
                return None
            visit.seen = time.monotonic()
            return visit

    def challenge(self, visit, way):
        """(visit, text): fresh, for one way of logging in; the one before it is void."""
        with self.lock:
            if visit is None or visit.id not in self.table:
                visit = self._begin()
            text = secrets.token_hex(32) if way != "modern" else secrets.token_urlsafe(32)
            visit.challenge = (text, way, time.monotonic())
            return visit, text

    def take(self, visit, way):
        """The text that was to be signed: once, in time, and for this way; or None."""
        with self.lock:
            if visit is None or visit.challenge is None:
                return None
            (text, asked_by, when), visit.challenge = visit.challenge, None
            if asked_by != way or time.monotonic() - when > self.challenge_life:
                return None
            return text

    def login(self, old, holder):
        """A visit under a new name, so that nobody knows it from before."""
        with self.lock:
            if old is not None:
                self.table.pop(old.id, None)
            visit = self._begin()
            visit.holder = holder
            return visit

    def end(self, visit):
        with self.lock:
            if visit is not None:
                self.table.pop(visit.id, None)
