# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ruleset of nftables as C(nft -j list ruleset) tells it: which chains refuse, what is ours, and the way there."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ansible_collections.wss.edge.plugins.module_utils.firewall.chain import (
    ENDS,
    PASSES,
    Verdict,
    at_most,
    by_source,
    normal,
    tail,
    whole,
)
from ansible_collections.wss.edge.plugins.module_utils.firewall.rules import FirewallError, Rule

OWN = "wss_edge"
COMMENT = 'comment "wss.edge"'
VERSIONS = {"inet": None, "ip": 4, "ip6": 6}
# What a new TCP connection looks like, whoever it is from: a rule that asks for this is about ours too.
ALIKE = {"l4proto": "tcp", "protocol": "tcp", "nexthdr": "tcp", "pkttype": "host", "state": "new"}


class Chain(NamedTuple):
    """A chain's full name."""

    family: str
    table: str
    name: str

    @property
    def own(self) -> Chain:
        """Ours in the same table."""
        return self._replace(name=OWN)

    def __str__(self) -> str:
        return f"{self.family} {self.table} {self.name}"


@dataclass(frozen=True)
class Ruleset:
    """Chains and their rules, as nft's JSON has them."""

    chains: Mapping[Chain, Mapping[str, Any]]
    rules: Mapping[Chain, Sequence[Mapping[str, Any]]]

    def jumps(self, chain: Chain) -> list[int]:
        """Where its jumps to our chain stand."""
        return [index for index, rule in enumerate(self.rules[chain]) if _jumps_to_ours(rule)]

    def users(self, chain: Chain) -> list[Mapping[str, Any]]:
        """The rules of a chain without our jump."""
        return [rule for rule in self.rules[chain] if not _jumps_to_ours(rule)]

    def refusing(self, known: Container[Chain]) -> dict[Chain, int | None]:
        """The user's input chains that refuse, and before which of their rules our jump belongs; None: at the end.

        :param known: Chains that the user's file makes, so that they are not of iptables, whatever they look like.
        """
        found = {}
        for chain, about in self.chains.items():
            if about.get("hook") != "input" or about.get("type") != "filter" or chain.family not in VERSIONS:
                continue
            if chain.table == "firewalld" or (chain not in known and self._of_iptables(chain)):
                continue
            place = tail([self._verdict(chain, rule) for rule in self.users(chain)])
            if place is not None or about.get("policy") == "drop":
                found[chain] = place
        return found

    def opened(self, chain: Chain) -> list[Rule] | None:
        """What our chain lets in, or None where it is not as we write it."""
        found = [_read(rule) for rule in self.rules[chain]]
        rules = [rule for some in found for rule in some or []]
        return None if None in found else normal(rules)

    def before(self) -> list[Rule]:
        """What all of our chains let in."""
        return normal(rule for chain in self.ours() for entry in self.rules[chain] for rule in _read(entry) or [])

    def ours(self) -> list[Chain]:
        """Our chains."""
        return [chain for chain in self.chains if chain.name == OWN]

    def _of_iptables(self, chain: Chain) -> bool:
        """Whether it is one that iptables-nft makes: it counts every rule, or has expressions that only it writes."""
        if chain.family == "inet" or chain[1:] != ("filter", "INPUT"):
            return False
        return all({"counter", "xt"} & {key for part in rule["expr"] for key in part} for rule in self.users(chain))

    def _verdict(self, chain: Chain, rule: Mapping[str, Any]) -> Verdict:
        verdict: Verdict = PASSES
        concerned, always = True, True
        for part in rule["expr"]:
            ((key, value),) = part.items()
            if key == "match":
                alike = _alike(value)
                if alike is None:
                    return None
                concerned, always = concerned and alike, False
            elif key in ("drop", "reject"):
                verdict = ENDS
            elif key in ("jump", "goto"):
                target = chain._replace(name=value["target"])
                verdict = whole([self._verdict(target, inner) for inner in self.rules.get(target, [])])
                if verdict is None:
                    return None
            elif key == "limit" and isinstance(value, dict) and "inv" not in value:
                always = False
            elif key not in ("counter", "log"):
                return None
        return at_most(verdict, concerned, always)


def parse(text: str) -> Ruleset:
    """Read nft's JSON.

    :raises FirewallError: where it is none.
    """
    try:
        entries = json.loads(text)["nftables"]
        chains = {_chain(entry["chain"], "name"): entry["chain"] for entry in entries if "chain" in entry}
        rules: dict[Chain, list[Mapping[str, Any]]] = {chain: [] for chain in chains}
        for entry in entries:
            if "rule" in entry:
                rules[_chain(entry["rule"], "chain")].append(entry["rule"])
    except (ValueError, KeyError, TypeError):
        raise FirewallError(
            "What `nft -j list ruleset` writes is no ruleset in JSON. Set wss_firewall: none, and open the ports by"
            " hand."
        ) from None
    return Ruleset(chains, rules)


def wanted(chain: Chain, rules: Sequence[Rule]) -> list[Rule]:
    """Those of the rules that a table of this family can have."""
    ports = by_source(rules, VERSIONS[chain.family])
    return normal(Rule(port, source) for source in ports for port in ports[source])


def statements(chain: Chain, rules: Sequence[Rule]) -> list[str]:
    """What makes our chain in a table, whether it is there or not."""
    lines = [f"add chain {chain.own}", f"flush chain {chain.own}"]
    for source, ports in by_source(rules, VERSIONS[chain.family]).items():
        address = "" if source is None else f"{'ip6' if ':' in source else 'ip'} saddr {source} "
        listed = ", ".join(str(port) for port in ports)
        lines.append(f"add rule {chain.own} {address}tcp dport {{ {listed} }} accept {COMMENT}")
    return lines


def _chain(about: Mapping[str, Any], name: str) -> Chain:
    return Chain(about["family"], about["table"], about[name])


def _jumps_to_ours(rule: Mapping[str, Any]) -> bool:
    return any(part.get(verb, {}).get("target") == OWN for part in rule["expr"] for verb in ("jump", "goto"))


def _alike(match: Mapping[str, Any]) -> bool | None:
    """Whether a new TCP connection from anywhere matches; None where it depends on where from, or on much else."""
    left = match["left"]
    about = left if isinstance(left, dict) else {}
    key = next((part.get("key") or part.get("field") for part in about.values() if isinstance(part, dict)), None)
    if match["op"] not in ("==", "in"):
        return None
    if key == "nfproto":
        return True
    right = match["right"]
    values = right.get("set", [right]) if isinstance(right, dict) else right if isinstance(right, list) else [right]
    if key not in ALIKE or (key == "state" and "new" not in values):
        return None
    return ALIKE[key] in values


def _read(rule: Mapping[str, Any]) -> list[Rule] | None:
    """What one rule of our chain lets in; None where we would not have written it."""
    source: str | None = None
    ports: list[int] = []
    for part in rule["expr"]:
        match = part.get("match")
        if match is None:
            if part != {"accept": None}:
                return None
            continue
        right, payload = match["right"], match["left"].get("payload", {})
        if payload.get("field") == "saddr":
            source = f"{right['prefix']['addr']}/{right['prefix']['len']}" if isinstance(right, dict) else right
        elif payload == {"protocol": "tcp", "field": "dport"}:
            ports = right["set"] if isinstance(right, dict) else [right]
        else:
            return None
    if rule.get("comment") != "wss.edge" or not ports or not all(isinstance(port, int) for port in ports):
        return None
    return [Rule(port, source) for port in ports]
