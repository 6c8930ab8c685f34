/** A proxy that tunnels to one server, whoever is asked for. */
import { createServer } from "node:http";
import { connect } from "node:net";
import type { TestContext } from "node:test";
import { listen } from "./loopback.js";

export interface ConnectProxy {
  /** `HOST:PORT` */
  readonly host: string;
  /** What clients wanted to be connected to, as `HOST:PORT`. */
  readonly asked: readonly string[];
}

export async function startConnectProxy(t: TestContext, target: string): Promise<ConnectProxy> {
  const asked: string[] = [];
  const server = createServer((_, response) => response.writeHead(403).end());
  server.on("connect", ({ url = "" }, socket) => {
    asked.push(url);
    const [hostname = "", port = ""] = target.split(":");
    const upstream = connect(Number(port), hostname, () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    upstream.pipe(socket).pipe(upstream);
    for (const end of [upstream, socket]) end.on("error", () => end.destroy());
  });
  return { host: new URL(await listen(t, server)).host, asked };
}
