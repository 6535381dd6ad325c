# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives applications their certificates, goes back to those before, or takes them away."""

from __future__ import annotations

import contextlib
import itertools
import operator
import os
import pwd
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NoReturn

from ansible_collections.wss.edge.plugins.module_utils.application import files, wanted
from ansible_collections.wss.edge.plugins.module_utils.application.changes import Change, change_of, diff_of
from ansible_collections.wss.edge.plugins.module_utils.application.files import FileProblem, NoFolder
from ansible_collections.wss.edge.plugins.module_utils.application.leaving import Leaving, noted
from ansible_collections.wss.edge.plugins.module_utils.application.ledger import Applications, Ledger
from ansible_collections.wss.edge.plugins.module_utils.application.readers import Reader
from ansible_collections.wss.edge.plugins.module_utils.application.telling import commands, tell
from ansible_collections.wss.edge.plugins.module_utils.certificates import store
from ansible_collections.wss.edge.plugins.module_utils.model.types import Model
from ansible_collections.wss.edge.plugins.module_utils.server.config_check import Runner

NOTHING_CHANGED = "The applications were left alone; what they serve they go on serving."


class Refused(Exception):
    """The applications do not have what was asked for; says why."""


class Delivery:
    """A planned change: C(result) says what it is, C(apply) does it."""

    def __init__(self, runner: Runner, ledger: Ledger) -> None:
        self.runner = runner
        self.ledger = ledger
        self.previous = ledger.releases.current()
        self.before: Applications = ledger.applications(self.previous)
        self.after: Applications = {}
        self.record: Mapping[str, Any] = {}
        self.state = "present"
        self.reasons: list[str] = []
        self.warnings: list[str] = []
        self.changes: list[Change] = []
        self.withdrawn: list[str] = []
        self.inactive: list[Path] = []
        self.leaving: dict[str, dict[str, Any]] = {}
        self.down: list[str] = []

    def to_model(
        self, model: Model, certificates: Sequence[Mapping[str, Any]], targets: Sequence[Mapping[str, Any]], check: bool
    ) -> Delivery:
        """Plan what the model asks for.

        :param check: Whether this is a rehearsal, in which nobody has made what a run makes.
        :raises Refused: where it cannot be.
        """
        made = {each["name"]: each for each in certificates if each["directory"] and not (check and each["changed"])}
        folders = {site["name"]: str(made.get(site["name"], {}).get("directory", "")) for site in model["sites"]}
        self.after = wanted.applications(model, folders, targets)
        self.record = {
            "certificates": folders,
            "targets": list(targets),
            "trust": {each["name"]: each["trust"] for each in certificates},
        }
        found = wanted.check(model, self.runner)
        self._plan(found)
        refused = [*found.problems, *([] if check else found.missing)]
        if refused:
            _refuse(["This host cannot give the applications their certificates.", *(f"- {each}" for each in refused)])
        self.warnings += found.missing
        return self

    def back_to(self, release: str | None) -> Delivery:
        """Plan to go back to a release, or to what was there before the first one.

        :raises Refused: where its certificates are gone.
        """
        self.state = "restored"
        self.after = self.ledger.applications(release)
        self.record = self.ledger.releases.record(release) if release else {}
        if release and not self.after:
            _refuse([f"There is no release {release} in {self.ledger.releases.folder}."])
        self.inactive = [each for each in self._certificates() if _current(each) != each.name]
        found = wanted.Found()
        self._plan(found)
        self.reasons += [f"{each} is not the current certificate" for each in self.inactive]
        if found.problems or found.missing:
            _refuse([*found.problems, *found.missing])
        return self

    def to_nothing(self) -> Delivery:
        """Plan to take away all that was delivered."""
        self.state = "absent"
        self._plan(wanted.Found())
        self.leaving = {}
        if self.ledger.releases.base.exists() and not self.reasons:
            self.reasons.append("the record of what was delivered is removed")
        return self

    def result(self) -> dict[str, Any]:
        """What the plan comes to, for the module's return value."""
        known = all(each["directory"] for each in self.after.values())
        return {
            "changed": bool(self.reasons),
            "release": self.ledger.release(self.after)[0] if known else None,
            "previous": self.previous,
            "reasons": self.reasons,
            "told": [*self._parting().commands(self.runner), *commands(self._due(), self.runner)],
            "lacking": self._lacking(),
            "diff": [diff_of(each) for each in self.changes],
        }

    def apply(self) -> None:
        """Do it.

        :raises Refused: where an application does not take its certificate, which is for C(back_to) to undo.
        """
        with store.locked(str(self.ledger.releases.base)):
            for folder in self.inactive:
                store.activate(str(folder.parent.parent), folder.parent.name, folder.name)
            due = self._due()
            self._deliver(sorted(due))
            self._withdraw()
            self._switch()
            self._leave()
            told = tell(due, self.runner)
            self.warnings += told.warnings
            if self.state == "restored":
                self.warnings += told.problems
            elif told.problems:
                raise Refused("\n".join(told.problems))
            self.ledger.due = []
            self.ledger.save()
            self.ledger.releases.prune()
            if self.state == "absent":
                self.ledger.releases.remove()

    def _plan(self, found: wanted.Found) -> None:
        """Find what is to be done, and what of it cannot."""
        for site, application in self.after.items():
            if not application["directory"]:
                self.reasons.append(f"site {site}: its certificate is to be made")
            self._plan_files(site, application, found)
        paths = {path for each in self.after.values() for path, _source in each["files"].values()}
        self.withdrawn = [path for path in self.ledger.files if path not in paths and self._is_ours(path)]
        self.reasons += [str(change) for change in self.changes]
        self.reasons += [f"site {self.ledger.files[path]['site']}: {path} is taken away" for path in self.withdrawn]
        self._plan_told()
        if not self.reasons and self.ledger.release(self.after)[0] != self.previous:
            self.reasons.append("the sites have changed")

    def _plan_told(self) -> None:
        """Find who is to be told though no file changes, and who is left without one."""
        known = self.ledger.leaving
        if self.state == "restored":
            own = {self.ledger.files[path]["site"] for path in self.withdrawn if self.ledger.files[path]["kept"]}
            known = {**{site: noted(each, site in own) for site, each in self.before.items()}, **known}
        self.leaving = {site: each for site, each in known.items() if site not in self.after}
        untold = [site for site in self.ledger.due if site in self.after]
        untold += [site for site in self.ledger.leaving if site not in untold]
        self.reasons += [f"site {site}: an earlier run ended before its application was told" for site in untold]
        others = {site: each for site, each in self.after.items() if site not in self._due() and each["directory"]}
        self.down = [site for site, each in others.items() if Reader.of(each).is_down(self.runner)]
        self.reasons += [f"site {site}: its service {others[site]['service']} does not run" for site in self.down]

    def _plan_files(self, site: str, application: Mapping[str, Any], found: wanted.Found) -> None:
        at = f"site {site}, application"
        try:
            account = pwd.getpwnam(application["user"])
        except KeyError:
            name = application["user"]
            found.missing.append(
                f'{at}.user: there is no user "{name}" on this host; make it first, or correct the name'
            )
            return
        for key, (path, source) in application["files"].items():
            try:
                change = change_of(site, path, files.look(path), Path(application["directory"], source), account)
            except NoFolder as problem:
                found.missing.append(f"{at}.{key}: {problem}")
            except FileProblem as problem:
                found.problems.append(f"{at}.{key}: {problem}")
            else:
                self.changes += [change] if change else []

    def _is_ours(self, path: str) -> bool:
        """Whether what is at the path, if anything is, was delivered there."""
        try:
            found = files.look(path)
        except FileProblem:
            return False
        return found.content is None or self.ledger.is_ours(path, found.digest)

    def _certificates(self) -> list[Path]:
        folders = [Path(each["directory"]) for each in self.after.values()]
        return [each for each in folders if each.is_dir()]

    def _due(self) -> Applications:
        """The applications that must be told, by their sites."""
        sites = {change.site for change in self.changes if change.is_other}
        sites |= {*self.ledger.due, *self.ledger.leaving, *self.down}
        left = _services(self.leaving)
        return {site: each for site, each in self.after.items() if site in sites or each["service"] in left}

    def _parting(self) -> Leaving:
        return Leaving(self.leaving, _services(self.after), self.ledger.ran)

    def _deliver(self, due: list[str]) -> None:
        """Put all files there; what is to come is noted before, so that the next run finishes what a kill leaves."""
        kept = {change.path: self._kept(change) for change in self.changes}
        for change in self.changes:
            self.ledger.expect(change.path, change.site, files.digest(change.content), kept[change.path])
        self.ledger.due = due
        self.ledger.leaving = self.leaving
        for each in [*self.after.values(), *self.leaving.values()]:
            if each["service"] and each["service"] not in self.ledger.ran:
                self.ledger.ran[each["service"]] = Reader.of(each).runs(self.runner)
        self.ledger.save()
        for _site, changes in itertools.groupby(self.changes, operator.attrgetter("site")):
            with contextlib.ExitStack() as stack:
                renames = [stack.enter_context(_prepared(each, kept[each.path])) for each in changes]
                for rename in renames:
                    rename()

    def _kept(self, change: Change) -> str | None:
        """Where a file goes that is in the way and not ours."""
        if change.found.content is None or not change.is_other:
            return None
        ours = self.ledger.is_ours(change.path, change.found.digest)
        return None if ours else files.kept_name(change.path, change.found)

    def _withdraw(self) -> None:
        """Take away what nobody is to have any more."""
        for path in self.withdrawn:
            files.take_away(path, self.ledger.files[path]["kept"])
        wanted_paths = {path for each in self.after.values() for path, _source in each["files"].values()}
        self.ledger.files = {path: entry for path, entry in self.ledger.files.items() if path in wanted_paths}

    def _switch(self) -> None:
        digest, content = self.ledger.release(self.after)
        if digest:
            self.ledger.releases.write(digest, content, self.record)
        self.ledger.releases.switch(digest)

    def _leave(self) -> None:
        """Have applications that have no certificate of ours any more as they were: with their own, or not running."""
        self.warnings += self._parting().see_to(self.runner)
        in_use = _services(self.after)
        self.ledger.ran = {service: ran for service, ran in self.ledger.ran.items() if service in in_use}
        self.ledger.leaving = {}
        self.ledger.save()

    def _lacking(self) -> list[str]:
        """A sentence for each site whose application has no certificate of ours any more, nor one of its own."""
        gone: dict[str, list[str]] = {}
        for path in self.withdrawn:
            entry = self.ledger.files[path]
            if not entry["kept"]:
                gone.setdefault(entry["site"], []).append(path)
        return [
            f"The application of the site {site} goes on until it is started again, which will fail without"
            f" {' and '.join(paths)}."
            for site, paths in gone.items()
            if site not in self.after
        ]


def _prepared(change: Change, kept: str | None) -> AbstractContextManager[Callable[[], None]]:
    return files.prepared(change.path, change.content, change.account.pw_uid, change.account.pw_gid, kept)


def _services(applications: Applications) -> set[str]:
    return {each["service"] for each in applications.values() if each["service"]}


def _current(folder: Path) -> str:
    link = folder.with_name("current")
    return os.readlink(link) if link.is_symlink() else ""


def _refuse(lines: list[str]) -> NoReturn:
    raise Refused("\n".join([*lines, NOTHING_CHANGED]))
