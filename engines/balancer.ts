// A balancer that remembers nobody: every request, and every WebSocket, goes to the next server of its list. It is what a
// client meets whose server says that it needs no stickiness.
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface Balancer {
  readonly url: string
  /** Requests that went to each server, in the order of the list; WebSockets count. */
  readonly counts: readonly number[]
  close(): Promise<void>
}

/** `urls`: asked before every request, so that servers may come and go; `http://127.0.0.1:port`. */
export async function startBalancer(urls: () => readonly string[]): Promise<Balancer> {
  const counts: number[] = []
  const sockets = new Set<Socket>()
  let turn = 0
  const next = (): string => {
    const all = urls()
    const index = turn++ % all.length
    counts[index] = (counts[index] ?? 0) + 1
    return all[index] as string
  }
  const ask = (request: IncomingMessage) => {
    const { hostname, port } = new URL(next())
    const forwarded = { ...request.headers, 'x-forwarded-for': request.socket.remoteAddress ?? '' }
    return httpRequest({ hostname, port, method: request.method, path: request.url, headers: forwarded, agent: false })
  }
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const outgoing = ask(request)
    outgoing.on('error', () => {
      if (!response.headersSent) response.writeHead(502).end()
      else response.destroy()
    })
    outgoing.on('response', answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.on('error', () => response.destroy())
      answer.pipe(response)
    })
    response.on('close', () => outgoing.destroy())
    request.pipe(outgoing)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => {})
    const outgoing = ask(request)
    outgoing.on('error', () => socket.destroy())
    outgoing.on('response', answer => {
      socket.end(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\nConnection: close\r\n\r\n`)
      outgoing.destroy()
    })
    outgoing.on('upgrade', (answer, upstream: Socket, rest: Buffer) => {
      const lines = [`HTTP/1.1 101 ${answer.statusMessage}`]
      for (let n = 0; n < answer.rawHeaders.length; n += 2)
        lines.push(`${answer.rawHeaders[n]}: ${answer.rawHeaders[n + 1]}`)
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
      socket.write(rest)
      upstream.write(head)
      upstream.on('error', () => {})
      upstream.on('close', () => socket.destroy())
      socket.on('close', () => upstream.destroy())
      socket.pipe(upstream).pipe(socket)
    })
    outgoing.end()
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
