// The embedding site reads external events from a stream of NATS JetStream: a real server, real clients and a nats-server
// that is killed, full, or not there.
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Nats, type NatsServer, startNats } from '../engines/nats.ts'
import { suite } from '../engines/suite.ts'
import { base64, DinoClient } from './dino/client.ts'
import { type StartOptions, startServer, type TestServer, type World } from './server.ts'

const WORLD: World = {
  users: [
    { id: '1', username: 'ann', tokens: ['tok1'] },
    { id: '3', username: 'cat', tokens: ['tok3'] },
  ],
  channels: [{ ref: 'c', name: 'channel', owners: ['3'] }],
  rooms: ['first', 'second', 'third'].map(ref => ({ ref, channel: 'c', name: `${ref} room`, owners: ['3'] })),
}
const SAID = 'words that stay among us'
const STREAM = 'CONCLAVE'

interface Event {
  readonly id: string | undefined
  readonly subject: string
  readonly activity: { readonly id: string; readonly verb: string; readonly target?: { readonly id: string } }
}

async function eventsIn(nats: NatsServer): Promise<Event[]> {
  const connection = await connect({ servers: nats.url, reconnect: false })
  try {
    const { streams } = await jetstreamManager(connection)
    const { state } = await streams.info(STREAM)
    const events: Event[] = []
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await streams.getMessage(STREAM, { seq })
      if (message)
        events.push({ id: message.header.get('Nats-Msg-Id'), subject: message.subject, activity: message.json() })
    }
    return events
  } finally {
    await connection.close()
  }
}

/** Polls, for nothing says when an event of another process arrives. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds().catch(() => false))) await new Promise(resolve => setTimeout(resolve, 100))
}

/** ms, for servers are started several times. */
const LONG = 180_000

suite('nats')('a stream of the site', () => {
  let running: Nats
  let nats: NatsServer
  let server: TestServer
  const clients: DinoClient[] = []
  beforeEach(async () => {
    running = await startNats()
    nats = running.servers[0] as NatsServer
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close()
    await server.remove()
    await running.stop()
  })

  async function start(outlet: object = {}, options: StartOptions = { world: WORLD }): Promise<TestServer> {
    const streams = [{ servers: nats.url, stream: STREAM, subject: 'chat' }]
    return startServer({ config: { limits: { flood: 1_000_000 }, outlet: { nats: streams, ...outlet } }, ...options })
  }

  async function login(user: string, name: string): Promise<DinoClient> {
    const client = await DinoClient.open(server.url)
    clients.push(client)
    expect((await client.login(user, name)).code).toBe(200)
    return client
  }

  async function say(client: DinoClient, room: string): Promise<string> {
    const target = { id: room, objectType: 'room' }
    const { code, data } = await client.request('message', { verb: 'send', target, object: { content: base64(SAID) } })
    expect(code).toBe(200)
    return data.data.id
  }

  test('holds every event once, in the order of its room, when both servers are killed meanwhile', {
    timeout: LONG,
  }, async () => {
    server = await start()
    const rooms = ['first', 'second', 'third'].map(ref => server.rooms[ref] as string)
    const cat = await login('3', 'cat')
    for (const room of rooms) await cat.request('join', { verb: 'join', target: { id: room } })
    const acked: string[] = []
    let talking = true
    const storm = (room: string): void => {
      const body = { verb: 'send', target: { id: room, objectType: 'room' }, object: { content: base64(SAID) } }
      cat.socket.emit('message', body, (answer: { status_code: number; data: { id: string } }) => {
        if (answer.status_code !== 200) return
        acked.push(answer.data.id)
        if (talking) storm(room)
      })
    }
    for (const room of [...rooms, ...rooms]) storm(room)
    const more = async (count: number): Promise<void> => {
      const wanted = acked.length + count
      await until(async () => acked.length >= wanted)
    }
    await more(200)
    await nats.kill()
    await more(200)
    await nats.start()
    await more(200)
    await nats.kill()
    await more(50)
    await server.kill()
    talking = false
    await nats.start()
    server = await start({}, { data: server.data })
    const sent = async (): Promise<Event[]> => (await eventsIn(nats)).filter(({ activity }) => activity.verb === 'send')
    await until(async () => {
      const there = new Set((await sent()).map(({ id }) => id))
      return acked.every(id => there.has(id))
    })
    const events = await sent()
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    expect(events.every(({ id, subject, activity }) => id === activity.id && subject === 'chat.send')).toBe(true)
    for (const room of rooms) {
      const ids = events.filter(({ activity }) => activity.target?.id === room).map(({ id }) => id)
      expect(ids.length).toBeGreaterThan(0)
      expect(ids).toEqual([...ids].sort((a, b) => (String(a) < String(b) ? -1 : 1)))
    }
  })

  test('that is full leaves dead letters which say so, and takes them when the operator has made room', {
    timeout: LONG,
  }, async () => {
    server = await start({ hours: 0 })
    await until(async () => (await eventsIn(nats)).some(({ activity }) => activity.verb === 'restart'))
    const change = async (connection: NatsConnection, max: number): Promise<void> => {
      await (await jetstreamManager(connection)).streams.update(STREAM, { max_msgs: max })
    }
    const connection = await connect({ servers: nats.url, reconnect: false })
    await change(connection, 1)
    const cat = await login('3', 'cat')
    await cat.request('join', { verb: 'join', target: { id: server.rooms.first } })
    const id = await say(cat, server.rooms.first as string)
    const dead = async (): Promise<{ event: string; destination: string; error: string }[]> =>
      JSON.parse((await server.command('outlet', 'dead')).out)
    await until(async () => (await dead()).some(({ event }) => event === id))
    for (const letter of await dead())
      expect(letter).toMatchObject({ destination: STREAM, error: 'the stream is full' })
    await change(connection, -1)
    await connection.close()
    await server.command('outlet', 'retry', 'all')
    await until(async () => (await eventsIn(nats)).some(event => event.id === id))
    expect(await dead()).toEqual([])
  })

  test('that is not there keeps nobody from talking, and its password out of every output', {
    timeout: LONG,
  }, async () => {
    const servers = nats.url.replace('//', '//me:pass-phrase@')
    await nats.kill()
    server = await startServer({
      world: WORLD,
      config: { outlet: { nats: [{ servers, stream: STREAM }] }, log: { level: 'trace' } },
    })
    const cat = await login('3', 'cat')
    await cat.request('join', { verb: 'join', target: { id: server.rooms.first } })
    for (let n = 0; n < 50; n++) await say(cat, server.rooms.first as string)
    await until(async () => server.output().includes('ECONNREFUSED'))
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    const { out } = await server.command('config')
    for (const printed of [server.output(), metrics, out]) expect(printed).not.toContain('pass-phrase')
    expect(out).toContain('nats://…@127.0.0.1')
    expect(await server.stop()).toBe(0)
  })
})
