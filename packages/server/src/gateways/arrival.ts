// A request that does not arrive whole in its time is cut (a slow sender holds a connection and what has come so far). Node's
// own limit is one for all requests; a file over a slow line needs longer than anything else.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'

export interface Arrival {
  /** ms for the bodies of most requests. */
  readonly usual: number
  /** ms for those of which `isLong` says so, by their URL. */
  readonly long: number
  isLong(url: string): boolean
}

/** Before anything else listens: whatever answers a request, it is cut here. */
export function boundArrival(server: Server, { usual, long, isLong }: Arrival): void {
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { headers, method, url = '' } = request
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return
    const timer = setTimeout(() => cut(request, response), method === 'POST' && isLong(url) ? long : usual)
    timer.unref()
    const stop = (): void => clearTimeout(timer)
    request.once('end', stop).once('close', stop)
    response.once('close', stop)
  })
}

function cut(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return
  if (response.headersSent) request.destroy()
  else
    request.socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () =>
      request.destroy(),
    )
}
