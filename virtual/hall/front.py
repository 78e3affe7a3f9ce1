# SPDX-License-Identifier: LGPL-2.1-or-later
"""nginx before the hall: TLS, sizes, patience, and certificates of visitors."""
import os
import pwd
import shutil

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

WHOLE = """# Written by openukey-rehearsal-hall. What a hall's own could be like.
daemon off;
worker_processes 1;
{user}pid run/nginx.pid;
error_log log/front-errors.log;
events {{
    worker_connections 1024;
}}
http {{
    access_log off;
    server_tokens off;
    client_body_temp_path run/body;
    proxy_temp_path run/proxy;
    fastcgi_temp_path run/fastcgi;
    scgi_temp_path run/scgi;
    uwsgi_temp_path run/uwsgi;
    client_max_body_size 64k;
    large_client_header_buffers 4 16k;
    client_header_timeout 30s;
    client_body_timeout 30s;
    keepalive_timeout 30s;
    proxy_set_header Host $http_host;
    proxy_set_header X-Hall-Certificate "";
    proxy_set_header X-Hall-Verify "";
    ssl_certificate hall.crt;
    ssl_certificate_key hall.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    # A visitor whose key is out must not come in by an old handshake.
    ssl_session_cache none;
    ssl_session_tickets off;

    server {{
        listen {address}:{http};
        location / {{
            proxy_pass http://unix:run/http:;
        }}
    }}
    server {{
        listen {address}:{https} ssl;
        location / {{
            proxy_pass http://unix:run/https:;
        }}
    }}
    # Mutual TLS. Those without a certificate, or with one that is not good, are told so by the hall.
    server {{
        listen {address}:{mutual} ssl;
        # TLS 1.3 wants RSA-PSS, which many keys cannot do.
        ssl_protocols TLSv1.2;
        ssl_verify_client optional;
        # Who came without a certificate must be asked again at the next try, not be remembered.
        keepalive_timeout 0;
        ssl_client_certificate roots.pem;
        error_page 495 496 = @refused;
        location / {{
            proxy_set_header Host $http_host;
            proxy_set_header X-Hall-Verify $ssl_client_verify;
            proxy_set_header X-Hall-Certificate $ssl_client_escaped_cert;
            proxy_pass http://unix:run/mutual:;
        }}
        location @refused {{
            proxy_set_header Host $http_host;
            proxy_set_header X-Hall-Verify $ssl_client_verify;
            proxy_set_header X-Hall-Certificate "";
            proxy_pass http://unix:run/mutual:;
        }}
    }}
}}
"""


def program():
    """nginx, or None where it is not installed."""
    return shutil.which("nginx", path=PATH)


def write(folder):
    """nginx.conf in the state folder."""
    # A master without root has its own rights; one of root's would give them up.
    user = f"user {pwd.getpwuid(0).pw_name};\n" if os.geteuid() == 0 else ""
    ports = {name: folder.port(name) for name in ("http", "https", "mutual")}
    folder.write("nginx.conf", WHOLE.format(user=user, address=folder.address(), **ports))


def command(folder):
    return [program(), "-p", str(folder), "-c", "nginx.conf", "-e", "log/front-errors.log"]
