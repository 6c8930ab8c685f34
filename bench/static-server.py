"""Serves a folder over HTTP/1.1 as fast as it can: static-server.py FOLDER. Prints its port."""

import http.server
import os
import sys
import urllib.parse

folder = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise a body waits until its head is acknowledged.
    disable_nagle_algorithm = True

    def do_GET(self):
        with open(folder + urllib.parse.unquote(self.path), "rb") as file:
            self.send_response(200)
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            self.end_headers()
            self.connection.sendfile(file)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
