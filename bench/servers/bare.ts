// Bare `ws` servers to compare with: whatever one socket sends, all get. How it is written is the argument:
// `naive` (send() in a loop), `prepared` (one frame made once, one write per delivery), `joined` (this server's fanout/),
// `firehose` (no sending: frames without end, to find the ceiling of the load generator), `echo` (only the sender gets it).

import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { textFrame } from '../../packages/server/src/fanout/frame.ts'
import { Group } from '../../packages/server/src/fanout/group.ts'
import { Outlet } from '../../packages/server/src/fanout/outlet.ts'
import { Turn } from '../../packages/server/src/fanout/turn.ts'
import { WsTransport } from '../../packages/server/src/fanout/ws.ts'

/** ms without a new connection after which the firehose begins. */
const ALL_CONNECTED = 200

type Way = (wss: WebSocketServer) => void

const naive: Way = wss => {
  wss.on('connection', ws => {
    ws.on('message', (data: Buffer) => {
      const text = data.toString()
      for (const client of wss.clients) client.send(text)
    })
  })
}

const prepared: Way = wss => {
  const sockets = new Set<Socket>()
  wss.on('connection', ws => {
    const socket = (ws as unknown as { _socket: Socket })._socket
    sockets.add(socket)
    ws.on('close', () => sockets.delete(socket))
    ws.on('message', (data: Buffer) => {
      const frame = textFrame(data.toString())
      for (const one of sockets) one.write(frame)
    })
  })
}

const joined: Way = wss => {
  const turn = new Turn()
  const room = new Group(turn)
  wss.on('connection', ws => {
    const outlet = new Outlet(turn, new WsTransport(ws), { onOverflow: () => ws.close(1008) })
    room.join(outlet)
    ws.on('close', () => {
      room.leave(outlet)
      outlet.end()
    })
    ws.on('message', (data: Buffer) => room.write(textFrame(data.toString())))
  })
}

const firehose: Way = wss => {
  const frame = textFrame('x'.repeat(300))
  const chunk = Buffer.concat(Array.from({ length: 200 }, () => frame))
  const pour = (socket: Socket) => {
    while (!socket.destroyed && socket.write(chunk)) {
      // until the kernel takes no more
    }
  }
  const sockets: Socket[] = []
  const start = setTimeout(() => sockets.forEach(pour), ALL_CONNECTED)
  wss.on('connection', (ws: WebSocket) => {
    const socket = (ws as unknown as { _socket: Socket })._socket
    socket.on('drain', () => setImmediate(pour, socket))
    sockets.push(socket)
    start.refresh()
  })
}

const echo: Way = wss => {
  wss.on('connection', ws => ws.on('message', (data: Buffer) => ws.send(data.toString())))
}

const ways: Record<string, Way> = { naive, prepared, joined, firehose, echo }
const http = createServer()
ways[process.argv[2]!]!(new WebSocketServer({ server: http, perMessageDeflate: false, maxPayload: 1 << 20 }))
http.listen(0, '127.0.0.1', 4_096, () => process.send!({ port: (http.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
