// Stands between a client library and the server, and lets the tap see what the library receives: its sockets and requests
// are not ours to listen to.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { tap } from './ddp.ts'

export interface Recorded {
  /** What the library is given instead of the server's. */
  readonly url: string
  close(): void
}

export async function recorded(url: string): Promise<Recorded> {
  const server = createServer((request, response) => {
    relay(url, request, response).catch(() => response.destroy())
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, client => join(client, `${url.replace('http', 'ws')}${request.url}`)),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      for (const client of sockets.clients) client.terminate()
      server.close()
      server.closeAllConnections()
    },
  }
}

async function relay(url: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  const user = [request.headers['x-user-id']].flat()[0] ?? null
  tap.sent(user, `${request.url}\n${body}`)
  const headers = new Headers()
  for (const name of ['content-type', 'x-auth-token', 'x-user-id', 'x-2fa-code', 'x-2fa-method']) {
    const [value] = [request.headers[name]].flat()
    if (value !== undefined) headers.set(name, value)
  }
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
  const answer = await fetch(`${url}${request.url}`, {
    method: request.method as string,
    headers,
    ...(hasBody ? { body } : {}),
  })
  const text = Buffer.from(await answer.arrayBuffer())
  received(user, text.toString('utf8'))
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' }).end(text)
}

function received(user: string | null, text: string): void {
  const given = user === null && text.includes('"authToken"') ? JSON.parse(text).data : undefined
  if (given) tap.own(given.authToken, given.userId)
  tap.received(user ?? given?.userId ?? null, text)
}

function join(client: WebSocket, url: string): void {
  const server = new WebSocket(url)
  const early: string[] = []
  let user: string | null = null
  client.on('message', data => {
    const text = data.toString()
    tap.sent(user, text)
    if (server.readyState === WebSocket.OPEN) server.send(text)
    else early.push(text)
  })
  server.on('open', () => {
    for (const text of early) server.send(text)
  })
  server.on('message', data => {
    const text = data.toString()
    const { msg, result } = JSON.parse(text)
    if (msg === 'result' && typeof result?.token === 'string' && result.tokenExpires) {
      user = result.id
      tap.own(result.token, result.id)
    }
    tap.received(user, text)
    if (client.readyState === WebSocket.OPEN) client.send(text)
  })
  client.on('close', () => server.close())
  server.on('close', code => client.close(code >= 1000 && ![1005, 1006].includes(code) ? code : undefined))
  client.on('error', () => {})
  server.on('error', () => client.terminate())
}
