# Copyright (c) 2026 The wss.edge authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that terminate TLS, as data: what differs between them, and from family to family, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.wss.edge.plugins.module_utils.server.family import DEBIAN, REDHAT


@dataclass(frozen=True)
class Server:
    """What must be known of a server to install, check and configure it."""

    name: str
    title: str
    binaries: tuple[str, ...]
    """Where the program may be; the first that exists is used."""
    programs: tuple[str, ...]
    """What its processes are called."""
    service: str
    """What starts it: the name of its systemd unit, and of its init script."""
    packages: tuple[str, ...]
    """What to install."""
    file_packages: tuple[str, ...]
    """How the names of the packages begin that have files in its folder."""
    config_dir: str
    main_file: str
    pid_file: str
    error_log: str
    """Where it logs unless its configuration says otherwise."""
    include: str
    """The line of a configuration that includes {path}."""
    default_site: str
    """The file by which a fresh installation has port 80, whether or not anyone wants it; empty where it is the main
    file, which is never set aside."""
    tls_site: str
    """The file by which a fresh installation has port 443 with a certificate of its own, or none."""
    main_site: tuple[str, ...] | None
    """Of the site that the main file itself has on port 80, behind all that it includes, what does not go without
    saying; None where there is no such site."""
    modules_dir: str
    """Where the modules of its packages are, loaded or not; empty for one that has what it needs."""
    run_dir: str
    """Where it has its files while it runs, as its configuration says it."""
    folders_dir: str
    """A folder of root's in which there are only folders."""
    event_mpm: str
    """How the user has Apache run with the MPM event."""
    first_start: tuple[str, str] | None
    """A program that its service runs before the first start, and the file that it makes; without that, no check of the
    configuration as it was installed succeeds."""
    stop_signal: str
    """What ends it at once; empty where its service does not wait for connections to end."""
    reload_signal: str
    """What tells the first of its processes to read the configuration again, and to drop no connection."""
    main_limits: bool
    """Whether the limits of its processes stand in the main file, and nowhere else."""
    restart_for_limits: bool
    """Whether a reload leaves some of those limits as they were."""
    main_file_args: tuple[str, ...]
    """Start from another main file, {main_file}, which stands in {root}."""
    variables: str
    """A file of shell variables that it is started with; {root} is the folder of the configuration."""
    wrapper: tuple[str, ...]
    """What runs the check, before the program; {variables} is that file."""
    check_args: tuple[str, ...]
    """Check the configuration, print errors and warnings only."""
    dump_args: tuple[str, ...]
    """The same, and print the whole configuration when it is valid."""
    dump_since: tuple[int, ...]
    trial: str
    """A shell script that starts the program where nothing of the host is changed, up to the point where it would
    serve: what the check does not see. It prints V(wss-edge: tried) and all that the program logs. Empty for one whose
    check sees it all."""
    check_makes_pid_file: bool
    version_args: tuple[str, ...]
    version_pattern: str
    compiled: dict[str, str]
    """Where the version output says which prefix, main_file and pid_file were compiled in."""
    message_pattern: str
    """One message of the check: text and, where it says so, level, file and line."""
    minimum_version: tuple[int, ...]
    minimum_reason: str


NGINX = Server(
    name="nginx",
    title="nginx",
    binaries=(
        "/usr/sbin/nginx",
        "/usr/local/sbin/nginx",
        "/usr/bin/nginx",
        "/usr/local/nginx/sbin/nginx",
        "/usr/local/openresty/nginx/sbin/nginx",
    ),
    programs=("nginx",),
    service="nginx",
    packages=("nginx",),
    file_packages=("nginx",),
    config_dir="/etc/nginx",
    main_file="/etc/nginx/nginx.conf",
    pid_file="/run/nginx.pid",
    error_log="/var/log/nginx/error.log",
    include="include {path};",
    default_site="sites-enabled/default",
    tls_site="",
    main_site=None,
    modules_dir="",
    run_dir="/run",
    folders_dir="",
    event_mpm="",
    first_start=None,
    stop_signal="",
    reload_signal="SIGHUP",
    main_limits=True,
    restart_for_limits=False,
    main_file_args=("-c", "{main_file}"),
    variables="",
    wrapper=(),
    check_args=("-t", "-q"),
    dump_args=("-T", "-q"),
    dump_since=(1, 9, 2),
    trial="",
    check_makes_pid_file=True,
    version_args=("-V",),
    version_pattern=r"\b(?:(?:free)?nginx|openresty)/(?P<version>\d+(?:\.\d+)+)",
    compiled={"prefix": r"--prefix=(\S+)", "main_file": r"--conf-path=(\S+)", "pid_file": r"--pid-path=(\S+)"},
    # "nginx: [emerg] ..." or, where the error log is stderr, "2026/11/23 03:52:36 [emerg] 22527#22527: ...".
    message_pattern=(
        r"^(?:nginx: |\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )\[(?P<level>\w+)\] (?:\d+#\d+: )?"
        r"(?P<text>.*?)(?: in (?P<file>/(?:(?! in /).)*):(?P<line>\d+))?$"
    ),
    minimum_version=(1, 3, 13),
    minimum_reason="the first that proxies WebSocket connections",
)

# As apache2ctl does: Debian's configuration is full of variables that a file beside it sets, and Apache refuses one
# whose run directory is not there, as before its first start. What is to be added to each command is called otherwise
# in the family of Red Hat.
_APACHE_BEFORE = r"""
APACHE_CONFDIR=${0%/*} made=
[ ! -r "$0" ] || . "$0"
for folder in "$APACHE_RUN_DIR" "$APACHE_LOCK_DIR"; do
    [ -z "$folder" ] || [ -d "$folder" ] || { mkdir -p "$folder" && made="$made$folder
"; }
done
"$@" ${APACHE_ARGUMENTS-$OPTIONS}
status=$?
"""
_APACHE_AFTER = r"""
printf %s "$made" | while read -r folder; do rmdir "$folder"; done 2>/dev/null
exit "$status"
"""
APACHE_COMMAND = _APACHE_BEFORE + _APACHE_AFTER
"""Runs a command of Apache's; $0 is the file of its variables."""

# Apache checks less while it dumps (not even that a certificate's file exists), hence the two runs. The files follow in
# the form of `nginx -T`.
_APACHE_CHECK = (
    _APACHE_BEFORE
    + r"""
if [ "$status" = 0 ]; then
    dump=$("$@" ${APACHE_ARGUMENTS-$OPTIONS} -D DUMP_MODULES -D DUMP_INCLUDES -D DUMP_RUN_CFG 2>/dev/null)
    printf '%s\n' "$dump"
    printf '%s\n' "$dump" | sed -n 's/^ *([0-9*]*) //p' | sort -u | while read -r file; do
        printf '# configuration file %s:\n' "$file"
        cat "$file"
        echo
    done
fi
"""
    + _APACHE_AFTER
)

# Runs in namespaces of its own: no socket of the host is seen, and what is written to /run or beside a log stays there.
# An empty file takes the place of each log, for a large one would be copied first. That the process id cannot be
# written is the first thing to fail when all is well. $1 is a folder to work in, $2 the program; the logs follow,
# sorted by their folders.
_APACHE_TRIAL = r"""
set -e
exec 2>&1
APACHE_CONFDIR=${0%/*}
[ ! -r "$0" ] || . "$0"
top=$1 program=$2 folder= count=0
shift 2
for bind in /proc/sys/net/ipv[46]/ip_nonlocal_bind; do echo 1 >"$bind"; done
mount -t tmpfs wss-edge "$top"
lay() {
    mount -t overlay wss-edge -o "lowerdir=$1,upperdir=$top/$count/upper,workdir=$top/$count/work" "$1"
    count=$((count + 1))
}
make() {
    mkdir -p "$top/$count/upper" "$top/$count/work"
}
make
lay /run
mkdir -p "${APACHE_RUN_DIR:-/run}" "${APACHE_LOCK_DIR:-/run}"
for log; do
    [ -d "${log%/*}" ] || continue
    if [ "$folder" != "${log%/*}" ]; then
        [ -z "$folder" ] || lay "$folder"
        folder=${log%/*}
        make
    fi
    : >"$top/$count/upper/${log##*/}"
done
[ -z "$folder" ] || lay "$folder"
echo wss-edge: tried
timeout 30 "$program" ${APACHE_ARGUMENTS-$OPTIONS} -DFOREGROUND -c "PidFile /none/pid" -c "ErrorLog $top/log" \
    -c "LogLevel warn" -c "<IfModule ssl_module>" -c "LogLevel warn ssl:info" -c "</IfModule>" \
    -c 'ErrorLogFormat "[%t] [%-m:%l] [pid %P] %E: %M"' || echo "wss-edge: ended with $?"
[ ! -e "$top/log" ] || cat "$top/log"
for log; do
    [ ! -s "$log" ] || cat "$log"
done
"""

APACHE = Server(
    name="apache",
    title="Apache",
    binaries=("/usr/sbin/apache2", "/usr/sbin/httpd", "/usr/local/sbin/httpd", "/usr/local/apache2/bin/httpd"),
    programs=("apache2", "httpd"),
    service="apache2",
    packages=("apache2",),
    file_packages=("apache2",),
    config_dir="/etc/apache2",
    main_file="/etc/apache2/apache2.conf",
    pid_file="/run/apache2/apache2.pid",
    error_log="/var/log/apache2/error.log",
    include="Include {path}",
    default_site="ports.conf",
    tls_site="",
    main_site=None,
    modules_dir="/usr/lib/apache2/modules",
    run_dir="${APACHE_RUN_DIR}",
    folders_dir="/var/lib/apache2",
    event_mpm="a2dismod mpm_prefork, a2enmod mpm_event, and restart Apache",
    first_start=None,
    stop_signal="",
    reload_signal="SIGUSR1",
    main_limits=False,
    restart_for_limits=True,
    main_file_args=("-d", "{root}", "-f", "{main_file}"),
    variables="{root}/envvars",
    wrapper=("/bin/sh", "-c", _APACHE_CHECK, "{variables}"),
    check_args=("-t",),
    dump_args=("-t",),
    dump_since=(2, 4, 5),
    trial=_APACHE_TRIAL,
    check_makes_pid_file=False,
    version_args=("-V",),
    version_pattern=r"\bApache/(?P<version>\d+(?:\.\d+)+)",
    # Not the pid file: Debian's main file names another one than was compiled in.
    compiled={"prefix": r'-D HTTPD_ROOT="(.*)"', "main_file": r'-D SERVER_CONFIG_FILE="(.*)"'},
    # "[time] [module:level] [pid 1:tid 1] ..."; without that where it has not read its LogLevel yet. A syntax error is
    # told with the includes that lead to it, and its text may be on a line of its own. That the configuration failed
    # follows the reason.
    message_pattern=(
        r"^(?!Syntax OK$|AH0001[4-6]: Configuration )(?:\[[^]]+\] \[\w*:(?P<level>\w+)\] \[pid [^]]+\] )?"
        r"(?:(?:[\w.-]+: )?(?:Syntax error on line \d+ of /.*?: )*"
        r"Syntax error on line (?P<line>\d+) of (?P<file>/.*?):\s(?:(?P=file):(?P=line): )?)?"
        r"(?P<text>.+)$"
    ),
    minimum_version=(2, 4, 5),
    minimum_reason="the first that proxies WebSocket connections",
)

_OF_FAMILIES = {
    DEBIAN: (NGINX, APACHE),
    REDHAT: (
        replace(
            NGINX,
            default_site="",
            main_site=("root /usr/share/nginx/html;", "include /etc/nginx/default.d/*.conf;"),
        ),
        replace(
            APACHE,
            service="httpd",
            packages=("httpd", "mod_ssl", "mod_http2"),
            file_packages=("httpd", "mod_"),
            config_dir="/etc/httpd",
            main_file="/etc/httpd/conf/httpd.conf",
            pid_file="/run/httpd/httpd.pid",
            variables="/etc/sysconfig/httpd",
            error_log="/var/log/httpd/error_log",
            default_site="",
            tls_site="conf.d/ssl.conf",
            main_site=(),
            modules_dir="/etc/httpd/modules",
            run_dir="/run/httpd",
            folders_dir="/usr/share/httpd",
            event_mpm="load mpm_event in /etc/httpd/conf.modules.d/00-mpm.conf, and restart httpd",
            first_start=("/usr/libexec/httpd-ssl-gencerts", "/etc/pki/tls/certs/localhost.crt"),
            # Its unit has it end when the last connection does, for a minute and a half.
            stop_signal="SIGTERM",
        ),
    ),
}


def servers(family: str) -> dict[str, Server]:
    """The servers of a family of distributions, by their names."""
    return {server.name: server for server in _OF_FAMILIES[family]}


SERVERS = servers(DEBIAN)
"""For what is the same in all families: names, titles and programs."""
