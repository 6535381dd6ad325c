# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of M(wss.edge.release): renders the model and ships one payload."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ansible_collections.wss.edge.plugins.module_utils.model.types import Site
from ansible_collections.wss.edge.plugins.module_utils.release.apache_context import apache_context
from ansible_collections.wss.edge.plugins.module_utils.release.host import HostError
from ansible_collections.wss.edge.plugins.module_utils.release.nginx_context import nginx_context
from ansible_collections.wss.edge.plugins.module_utils.release.package_site import aside, package_site
from ansible_collections.wss.edge.plugins.module_utils.release.replaced import replaced
from ansible_collections.wss.edge.plugins.module_utils.release.transition import ARGUMENTS
from ansible_collections.wss.edge.plugins.module_utils.release.trust import KINDS, SYSTEM_FILES, Trust, gather
from ansible_collections.wss.edge.plugins.module_utils.server.records import Server, servers

TEMPLATES = Path(__file__).parents[2] / "roles" / "proxy" / "templates"
CONTEXTS = {"nginx": nginx_context, "apache": apache_context}
# In check mode, a certificate that the run would make.
NOT_MADE = "/etc/pki/wss/(not made yet)"


def render(context: dict[str, Any], server: Server) -> dict[str, str]:
    """The files of a release, by their names in it."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / server.name),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.globals["server"] = server
    index, refusals, site = (environment.get_template(f"{name}.conf.j2") for name in ("index", "refusals", "site"))
    files = {"index.conf": index.render(context, folder=f"{server.config_dir}/wss/current")}
    if context["refusals"]:
        files["refusals.conf"] = refusals.render(context)
    for each in context["sites"]:
        files[f"sites/{each['file']}.conf"] = site.render(context, site=each)
    return files


class ActionModule(ActionBase):
    """Renders, and runs the module of the same name."""

    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the module returns; the host is not touched where nothing has changed."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(
            argument_spec=ARGUMENTS, required_if=[("state", "present", ["model", "facts"])]
        )
        arguments = {key: options[key] for key in ("server", "state", "release", "replaces", "running")}
        if options["state"] == "present":
            other, problems = replaced(options["model"], options["facts"]["other"])
            arguments |= {"replaces": other, "payload": self._payload(options, problems)}
        arguments = {key: value for key, value in arguments.items() if value is not None}
        module = "wss.edge.release"
        return {**result, **self._execute_module(module_name=module, module_args=arguments, task_vars=task_vars)}

    def _payload(self, options: dict[str, Any], problems: list[str]) -> dict[str, Any]:
        model, server = options["model"], _server(options)
        facts, altered = aside(model, options["facts"], server)
        folders = {each["name"]: NOT_MADE for each in [*filter(_has_tls, model["sites"]), *model["clients"]]}
        folders |= {made["name"]: made["directory"] or NOT_MADE for made in options["certificates"]}
        trust = self._trust(options)
        problems = [*problems, *altered, *trust.problems]
        if trust.problems:
            _refuse(problems)
        try:
            context = CONTEXTS[server.name](model, folders, facts, {**trust.paths, "digests": trust.digests})
        except HostError as error:
            _refuse([*problems, *error.problems])
        if problems:
            _refuse(problems)
        return {
            "files": {**render(context, server), **trust.files},
            "sites": {f"sites/{site['file']}.conf": site["name"] for site in context["sites"]},
            "listens": context["listens"] + _foreign_listens(facts, server),
            "max_connections": model["max_connections"],
            "limits_elsewhere": list(facts["foreign"]["limits"]),
            "checkable": trust.complete and NOT_MADE not in folders.values() and not _lacks(facts, server),
            "record": {
                "aside": model["default_site"] == "aside" and package_site(server) not in facts["own_files"],
                "certificates": folders,
                "targets": options["targets"],
                "trust": {made["name"]: made["trust"] for made in options["certificates"]},
            },
        }

    def _trust(self, options: dict[str, Any]) -> Trust:
        """The authorities and revocation lists; in check mode there need be no private authority yet."""
        private_ca = {"ca": options["authority"] or "", "crl": options["crl"] or ""}
        if self._task.check_mode:
            private_ca = {kind: text or None for kind, text in private_ca.items()}
        trusted = {kind: options["trusted"].get(kind, []) for kind in KINDS}
        folder = f"{_server(options).config_dir}/wss/current"
        now, system = datetime.datetime.now(datetime.timezone.utc), SYSTEM_FILES[options["facts"]["family"]]
        return gather(trusted, private_ca, self._read, folder, now, system)

    def _read(self, name: str) -> bytes:
        """A file on the controller, taken out of ansible-vault if need be."""
        try:
            path = self._find_needle("files", name)
            text: str = self._loader.get_text_file_contents(path, encoding="latin-1")
        except (AnsibleError, OSError) as error:
            raise ValueError(f"cannot be read on the controller: {error}") from error
        return text.encode("latin-1")


def _server(options: dict[str, Any]) -> Server:
    return servers(options["facts"]["family"])[options["server"]]


def _lacks(facts: Mapping[str, Any], server: Server) -> bool:
    """In check mode, whether the run would install more of the server than there is, or make what it starts with."""
    return bool({*server.packages} & {*facts["missing_packages"]}) or facts["first_start"] is not None


def _has_tls(site: Site) -> bool:
    return site["tls"] is not None


def _refuse(problems: list[str]) -> NoReturn:
    heading = "This host cannot serve the sites; its server was left alone."
    raise AnsibleActionFail("\n".join([heading, *(f"- {problem}" for problem in problems)]))


def _foreign_listens(facts: Mapping[str, Any], server: Server) -> list[dict[str, Any]]:
    """What a server that does not run yet would listen on beside the sites."""
    if facts["server"] is None or facts["server"]["running"]:
        return []
    every = {"*": "0.0.0.0"}
    opened = facts["foreign"]["listens"] or [
        {**listen, "file": block["file"], "line": block["line"]}
        for block in facts["foreign"]["servers"]
        for listen in block["listens"]
    ]
    return [
        {
            "address": every.get(each["address"], each["address"]),
            "port": each["port"],
            "owner": f"{each['file']} line {each['line']}",
            "file": each["file"],
            "instead": _instead(each["file"], server),
        }
        for each in opened
    ]


def _instead(file: str, server: Server) -> str:
    """What else can be done where the port is held."""
    return "change that line" + (", or set wss_default_site: aside" if file == package_site(server) else "")
