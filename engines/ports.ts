import { createServer } from 'node:net'

/** Below those that a system gives to outgoing connections: one of these may be taken before it is listened on. */
const PORTS = { least: 12_000, most: 32_000 }

/** One of loopback that nobody listens on, at this moment; another one each time, as good as certainly. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.least + Math.floor(Math.random() * (PORTS.most - PORTS.least))
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const listens = await new Promise<boolean>(resolve => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  await new Promise(resolve => server.close(resolve))
  return listens
}
