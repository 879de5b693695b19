// A splitter in front of several nodes: every new connection goes to the next of them, byte for byte, as behind a balancer
// of layer 4. A client that would keep its connection for its next request is told not to, so that what it asks one after
// the other is answered by different nodes. It stands as far away from them as clients do from a server elsewhere: what an
// answer was given for has left its node before the next request comes to another.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Splitter {
  readonly port: number
  /** Connections that went to each node, in the order of the list. */
  readonly counts: readonly number[]
  close(): Promise<void>
}

/** Bytes of a request's head in which its wish to keep the connection is looked for. */
const HEAD = 16_384
/** ms that what clients send is on its way. */
const DISTANCE = 30

/** `port`: to listen on, 0 for any; `ports`: the nodes', all on loopback. */
export async function startSplitter(ports: readonly number[], port = 0): Promise<Splitter> {
  const counts = ports.map(() => 0)
  const open = new Set<Socket>()
  let turn = 0
  const server = createServer({ allowHalfOpen: true }, from => {
    const node = turn++ % ports.length
    counts[node] = (counts[node] as number) + 1
    const to = connect({ port: ports[node] as number, host: '127.0.0.1', allowHalfOpen: true })
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(one)
      one.setNoDelay(true)
      one.on('error', () => {})
      one.on('close', () => {
        open.delete(one)
        // What ended in order is handed on to its end; what broke off breaks off, behind what had come.
        if (!one.readableEnded) other.destroySoon()
      })
    }
    to.pipe(from)
    let first = true
    from.on('data', bytes => {
      const sent = first ? closing(bytes) : bytes
      first = false
      setTimeout(() => {
        if (to.destroyed || to.write(sent)) return
        from.pause()
        to.once('drain', () => from.resume())
      }, DISTANCE)
    })
    from.on('end', () => setTimeout(() => to.end(), DISTANCE))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    counts,
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** The first bytes of a connection, where they are a request's head with the wish to keep it for others: without that wish. */
function closing(first: Buffer): Buffer {
  const text = first.subarray(0, HEAD).toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  const wish = /\r\nconnection: keep-alive(?=\r\n)/i.exec(text)
  if (!wish || end < wish.index) return first
  const rest = wish.index + wish[0].length
  return Buffer.concat([first.subarray(0, wish.index), Buffer.from('\r\nconnection: close'), first.subarray(rest)])
}
