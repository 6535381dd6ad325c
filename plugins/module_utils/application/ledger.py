# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was delivered to applications, on disk: the releases, which file is ours, and who is still to be told.

A release here is one file, C(applications.json): from which certificate each file is made, for whom, and who reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.wss.edge.plugins.module_utils.release.releases import (
    PRIVATE,
    Releases,
    digest_of,
    read_file,
    write_file,
)

BASE = Path("/var/lib/wss-edge/application")
FILE = "applications.json"

Applications = Mapping[str, Mapping[str, Any]]
"""By the names of their sites."""


class Ledger:
    """C(files) has, for each path, its site, the digests of the contents that are ours, and what it has replaced.

    C(due) are the sites whose application has not been told of its files, C(leaving) the applications that are to be
    told that they have none any more. C(ran) says of each service whether it ran before its first delivery.
    """

    def __init__(self, base: Path = BASE) -> None:
        self.releases = Releases(base)
        self.path = base / "files.json"
        known = json.loads(read_file(self.path)) if self.path.is_file() else {}
        self.files: dict[str, dict[str, Any]] = known.get("files", {})
        self.due: list[str] = known.get("due", [])
        self.leaving: dict[str, dict[str, Any]] = known.get("leaving", {})
        self.ran: dict[str, bool] = known.get("ran", {})

    def save(self) -> None:
        """Write it, as one piece."""
        known = {"files": self.files, "due": self.due, "leaving": self.leaving, "ran": self.ran}
        write_file(self.path, json.dumps(known, indent=1, sort_keys=True), PRIVATE)

    def is_ours(self, path: str, digest: str) -> bool:
        """Whether this content was delivered there."""
        return digest in self.files.get(path, {}).get("ours", [])

    def expect(self, path: str, site: str, digest: str, kept: str | None) -> None:
        """Note what is about to be delivered; what was delivered before may still be there when a run is killed."""
        entry = self.files.setdefault(path, {"ours": [], "kept": None})
        ours = [each for each in entry["ours"] if each != digest]
        entry.update(site=site, ours=[*ours[-1:], digest], kept=entry["kept"] or kept)

    def applications(self, release: str | None) -> Applications:
        """What a release says; nothing where there is no such release."""
        text = self.releases.files(release).get(FILE, "{}") if release else "{}"
        found: Applications = json.loads(text)
        return found

    def release(self, applications: Applications) -> tuple[str | None, dict[str, str]]:
        """The digest and the files of a release; there is none of no application."""
        files = {FILE: json.dumps(applications, indent=1, sort_keys=True) + "\n"}
        return (digest_of(files), files) if applications else (None, {})

    def facts(self) -> dict[str, Any]:
        """The release that applications have, as the fact C(release) of M(wss.edge.server_facts)."""
        current = self.releases.current()
        return {
            "current": current,
            "intact": current is not None and self.releases.intact(current),
            "pending": bool(self.due or self.leaving),
            "record": self.releases.record(current) if current else {},
        }
