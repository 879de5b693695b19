// Socket.IO 4 servers to compare with: `shipped` (emit to the namespace) and `joined` (the same through fanout/).

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { type Ack, adopt } from '../../packages/server/src/fanout/adopt.ts'
import { EngineTransport } from '../../packages/server/src/fanout/engine.ts'
import { textFrame } from '../../packages/server/src/fanout/frame.ts'
import { Group } from '../../packages/server/src/fanout/group.ts'
import { Outlet } from '../../packages/server/src/fanout/outlet.ts'
import { Turn } from '../../packages/server/src/fanout/turn.ts'

const http = createServer()
const io = new Server(http, { allowEIO3: true, perMessageDeflate: false, serveClient: false })
const room = io.of('/ws')

if (process.argv[2] === 'shipped') {
  room.on('connection', socket => {
    socket.on('message', (text: string, ack: () => void) => {
      room.emit('message', text)
      ack()
    })
  })
} else {
  const turn = new Turn()
  const group = new Group(turn)
  room.on('connection', socket => {
    const outlet = new Outlet(turn, new EngineTransport(socket.conn), { onOverflow: () => socket.disconnect(true) })
    adopt(socket, outlet)
    group.join(outlet)
    socket.on('disconnect', () => {
      group.leave(outlet)
      outlet.end()
    })
    socket.on('message', (text: string, ack: Ack) => {
      group.write(textFrame(`42/ws,${JSON.stringify(['message', text])}`))
      outlet.write(textFrame(`43/ws,${ack.id}[]`))
    })
  })
}
http.listen(0, '127.0.0.1', 4_096, () => process.send!({ port: (http.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
