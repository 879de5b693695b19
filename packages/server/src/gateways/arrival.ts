// A request that does not arrive whole in its time is cut (a slow sender holds a connection and what has come so far). Node's
// own limit is one for all requests; a file over a slow line needs longer than anything else. One timer looks after all of
// them: a timer and listeners for each cost more than reading it.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export interface Arrival {
  /** ms for the bodies of most requests. */
  readonly usual: number
  /** ms for those of which `isLong` says so, by their URL. */
  readonly long: number
  isLong(url: string): boolean
}

/** ms between two looks at most: by so much a request may be late. */
const LOOK = 1_000
/** Looks in the shortest time that a request may have. */
const LOOKS = 4

interface Arriving {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** ms of performance.now(). */
  readonly until: number
}

/** Before anything else listens: whatever answers a request, it is cut here. */
export function boundArrival(server: Server, { usual, long, isLong }: Arrival): void {
  /** The newest of each connection, on which the next one comes when it is whole. */
  const arriving = new Map<Socket, Arriving>()
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { headers, method, url = '', socket } = request
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return
    const until = performance.now() + (method === 'POST' && isLong(url) ? long : usual)
    arriving.set(socket, { request, response, until })
  })
  const look = (): void => {
    const now = performance.now()
    for (const [socket, { request, response, until }] of arriving) {
      const isOver = request.complete || request.destroyed || response.closed
      if (!isOver && now < until) continue
      arriving.delete(socket)
      if (!isOver) cut(request, response)
    }
  }
  const timer = setInterval(look, Math.min(LOOK, usual / LOOKS))
  timer.unref()
  server.once('close', () => clearInterval(timer))
}

function cut(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) request.destroy()
  else
    request.socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () =>
      request.destroy(),
    )
}
