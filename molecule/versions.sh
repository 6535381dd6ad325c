# shellcheck shell=sh
# What a test's report says of its host, for tests/platforms.py.
# shellcheck source=/dev/null
. /etc/os-release
echo "system=$PRETTY_NAME"
nginx -v 2>&1 | sed -n 's,^nginx version: nginx/,nginx=,p'
{ apache2 -v || httpd -v; } 2>/dev/null | sed -n 's,^Server version: Apache/\([0-9.]*\).*,Apache=\1,p'
python3 -c 'import platform, ssl; print(f"OpenSSL={ssl.OPENSSL_VERSION.split()[1]}\nPython={platform.python_version()}")'
python3 -c 'import cryptography; print(f"cryptography={cryptography.__version__}")' 2>/dev/null || true
