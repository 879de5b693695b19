// The bus over a real NATS server: the contract, a connection that is lost and found again, and what is said of a server that
// is not there.
import type { RoomId } from '@conclave/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Nats, startNats } from '../../../../engines/nats.ts'
import { natsPlaceOf } from '../nats-place.ts'
import type { BusMessage } from './bus.ts'
import { clusterBus } from './cluster.ts'
import { busContract } from './contract.ts'
import { localBus } from './local.ts'
import { BusRefusal, openNats } from './nats.ts'
import type { Transport } from './transport.ts'

let nats: Nats
beforeAll(async () => {
  nats = await startNats({ user: 'conclave', password: 'pass word' })
})
afterAll(() => nats.stop())

const open: Transport[] = []
afterAll(async () => {
  for (const transport of open) await transport.close()
})

const states: boolean[] = []
async function transport(url = address(), cluster = 'test'): Promise<Transport> {
  const place = natsPlaceOf(url)
  if (!place) throw new Error('no such place')
  const onState = (connected: boolean): void => void states.push(connected)
  const onError = (error: unknown): void => {
    throw error
  }
  const opened = await openNats({ place, cluster, name: 'a test', onState, onError })
  open.push(opened)
  return opened
}

function address(login = 'conclave:pass%20word'): string {
  return nats.url.replace('nats://', `nats://${login}@`)
}

const NOTHING = { peek: () => undefined, load: async () => undefined, forget: () => {} }
const ROOMS = { peek: () => undefined, refresh: async () => undefined, set: () => {} }
const EMPTY = { heads: async () => [], page: async () => [], control: async () => [], eventAt: async () => undefined }
const TIMERS = {
  after: (milliseconds: number, run: () => void) => {
    const timer = setTimeout(run, milliseconds)
    return () => clearTimeout(timer)
  },
}

async function bus(errors: unknown[] = []) {
  const onError = (error: unknown): void => void errors.push(error)
  const opened = clusterBus({
    local: localBus({ onError }),
    transport: await transport(),
    store: EMPTY,
    feed: null,
    clock: Date,
    timers: TIMERS,
    onError,
  })
  opened.attach({
    rooms: ROOMS,
    accounts: NOTHING,
    channels: NOTHING,
    tokenOf: (hash: string) => hash,
    forget: () => {},
  })
  return opened
}

describe('over NATS', () => {
  busContract('cluster over NATS, from one node to another', async () => {
    const errors: unknown[] = []
    let closed = false
    const [here, there] = [await bus(errors), await bus(errors)]
    const topics = new Set<Parameters<typeof here.publish>[0]>(['user:marker'])
    const waiting: (readonly [Parameters<typeof here.publish>[0], BusMessage])[] = []
    const settled = async (): Promise<void> => {
      for (const topic of topics) await there.follow(topic)
      do {
        for (const [topic, message] of waiting.splice(0)) here.publish(topic, message)
        await marked()
      } while (waiting.length > 0)
    }
    // What comes last over the same connection comes last.
    const marked = (): Promise<void> =>
      new Promise(resolve => {
        const stop = there.subscribe('user:marker', () => {
          stop()
          resolve()
        })
        here.publish('user:marker', signal('marker'))
      })
    return {
      errors,
      settled: async () => (closed ? undefined : settled()),
      bus: {
        follow: topic => there.follow(topic),
        keeps: room => there.keeps(room),
        alone: there.alone,
        subscribe: (topic, receive) => {
          topics.add(topic)
          return there.subscribe(topic, receive)
        },
        publish: (topic, message) => void waiting.push([topic, message]),
        close: async () => {
          closed = true
          await here.close()
          await there.close()
        },
      },
    }
  })
  test('what one node publishes reaches the others that follow, not itself, and no other cluster', async () => {
    const [here, there, foreign] = [await transport(), await transport(), await transport(address(), 'other')]
    const heard: string[] = []
    for (const [name, one] of Object.entries({ here, there, foreign }))
      await one.subscribe('room.1', bytes => heard.push(`${name} ${Buffer.from(bytes)}`)).ready
    here.publish('room.1', Buffer.from('a'))
    here.publish('room.2', Buffer.from('b'))
    there.publish('room.1', Buffer.from('c'))
    await expect.poll(() => heard.length).toBe(2)
    await there.subscribe('room.3', () => {}).ready
    expect(heard.sort()).toEqual(['here c', 'there a'])
  })

  test('a server that is gone costs what is published meanwhile and nothing else', async () => {
    const [here, there] = [await transport(), await transport()]
    const heard: string[] = []
    let reconnected = 0
    there.onReconnected(() => {
      reconnected += 1
    })
    await there.subscribe('room.1', bytes => heard.push(`${Buffer.from(bytes)}`)).ready
    await nats.servers[0]?.kill()
    await expect.poll(() => here.connected || there.connected).toBe(false)
    here.publish('room.1', Buffer.from('lost'))
    // Nobody waits for a server that is not there.
    await there.subscribe('room.2', bytes => heard.push(`2 ${Buffer.from(bytes)}`)).ready
    await nats.servers[0]?.start()
    await expect.poll(() => here.connected && there.connected && reconnected).toBe(1)
    here.publish('room.1', Buffer.from('found'))
    here.publish('room.2', Buffer.from('too'))
    await expect.poll(() => heard).toEqual(['found', '2 too'])
    expect(states).toContain(false)
  })

  test('where nobody answers, and where nobody is let in, it refuses with one sentence that holds no secret', async () => {
    const refused = async (url: string): Promise<string> => {
      const error = await transport(url).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(BusRefusal)
      return (error as Error).message
    }
    expect(await refused('nats://me:secret@127.0.0.1:1')).toBe('No NATS server answers at 127.0.0.1:1: ECONNREFUSED.')
    const wrong = await refused(address('conclave:secret'))
    expect(wrong).toMatch(/^No NATS server answers at 127\.0\.0\.1:\d+: it refuses the user or the token\.$/)
  })
})

function signal(name: string): BusMessage {
  return { kind: 'signal', name, room: '1' as RoomId, from: null, args: [] }
}
