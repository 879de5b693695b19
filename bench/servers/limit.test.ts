import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocketClient } from '../client/websocket.ts'
import { startLimit } from './limit.ts'
import { program } from './peers.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the limit in C', () => {
  it.skipIf(program('cc') === undefined).each(['batch', 'each'] as const)(
    'gives all what one sends, way %s',
    async way => {
      const server = (await startLimit(way))!
      const heard: string[][] = [[], []]
      const sockets = await Promise.all(
        heard.map(own => WebSocketClient.open(server.port, '/', text => own.push(text))),
      )
      try {
        const texts = ['short', 'x'.repeat(300), 'last']
        for (const text of texts) sockets[0]!.send(text)
        await expect.poll(() => heard).toEqual([texts, texts])
      } finally {
        for (const socket of sockets) socket.close()
        await server.stop()
      }
    },
  )

  it('is left out where there is no compiler', async () => {
    vi.stubEnv('PATH', '')
    expect(await startLimit('batch')).toBeNull()
  })
})
