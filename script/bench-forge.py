"""A forge for `script/bench backfill`: lists the releases of one repository as GitHub does.

Usage: bench-forge.py RELEASES FILE; the port that it took is written to FILE. It serves until it is killed.
"""

import datetime
import http.server
import json
import pathlib
import sys
import urllib.parse

count = int(sys.argv[1])
begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
notes = "## Changed\r\n\r\n" + "\r\n".join(f"- What is new in part {part} of the product, said in some words" for part in range(20))


def release(number):
    moment = (begin + datetime.timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "id": number + 1,
        "tag_name": f"v{number // 100}.{number // 10 % 10}.{number % 10}",
        "name": f"Release {number}",
        "body": notes,
        "draft": False,
        "prerelease": False,
        "author": {"login": "ada"},
        "created_at": moment,
        "published_at": moment,
        "updated_at": moment,
    }


class Forge(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        page, size = int(query.get("page", 1)), int(query.get("per_page", 30))
        first = count - 1 - (page - 1) * size
        body = json.dumps([release(number) for number in range(first, max(first - size, -1), -1)]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if first - size >= 0:
            self.send_header("Link", f'<http://forge/releases?per_page={size}&page={page + 1}>; rel="next"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forge)
pathlib.Path(sys.argv[2]).write_text(str(server.server_address[1]))
server.serve_forever()
