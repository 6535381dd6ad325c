#!/bin/sh
# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sets up a firewall as a user may have it: firewall.sh firewalld|ufw|nftables|iptables. It lets in SSH and the port 8081,
# behind which a server listens; one on 8082 is there to be kept from clients.
set -eu
export DEBIAN_FRONTEND=noninteractive

install() {
    if command -v dnf >/dev/null; then dnf --quiet --assumeyes install "$@"; else apt-get -qq install "$@"; fi >/dev/null 2>&1
}

cat >/etc/systemd/system/own@.service <<UNIT
[Service]
ExecStart=/usr/bin/python3 -m http.server --bind :: %i
WorkingDirectory=/run
[Install]
WantedBy=multi-user.target
UNIT
systemctl enable --quiet --now own@8081 own@8082

case $1 in
    firewalld)
        install firewalld
        systemctl enable --quiet --now firewalld
        firewall-cmd --quiet --permanent --add-port=8081/tcp
        firewall-cmd --quiet --reload
        ;;
    ufw)
        install ufw
        ufw allow 22/tcp
        ufw allow 8081/tcp
        ufw --force enable
        ;;
    nftables)
        install nftables ufw # the second stays inactive
        cat >/etc/nftables.conf <<RULES
#!/usr/sbin/nft -f
flush ruleset
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif "lo" accept
        meta l4proto { icmp, ipv6-icmp } accept
        tcp dport { 22, 8081 } accept
    }
}
RULES
        systemctl enable --quiet --now nftables
        ;;
    iptables)
        install iptables netfilter-persistent iptables-persistent
        for command in iptables ip6tables; do
            $command -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
            $command -A INPUT -i lo -j ACCEPT
            for protocol in icmp ipv6-icmp; do $command -A INPUT -p $protocol -j ACCEPT 2>/dev/null || true; done
            $command -A INPUT -p tcp -m multiport --dports 22,8081 -j ACCEPT
            $command -P INPUT DROP
        done
        netfilter-persistent save
        systemctl restart netfilter-persistent # which makes the chains that are empty, too
        ;;
esac >/dev/null 2>&1

# What must be the same in the end.
cat >/usr/local/sbin/own-rules <<'RULES'
#!/bin/sh
exec 2>/dev/null
firewall-cmd --list-all-zones
cat /etc/firewalld/zones/*.xml
grep -h tuple /etc/ufw/user*.rules
ufw status
cat /etc/nftables.conf /etc/iptables/rules.v[46] | sed 's/\[[0-9:]*\]//; /^#/d'
nft --stateless list ruleset | sed 's/counter packets [0-9]* bytes [0-9]*/counter/'
find /etc/iptables /etc/nftables* -type f
true
RULES
chmod +x /usr/local/sbin/own-rules
own-rules >/root/firewall.before
