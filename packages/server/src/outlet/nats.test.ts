import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { DiscardPolicy, jetstreamManager, type StreamConfig } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Nats, type NatsServer, startNats } from '../../../../engines/nats.ts'
import { suite } from '../../../../engines/suite.ts'
import type { NatsStream } from '../config.ts'
import { type Behaviour, outletContract } from './contract.ts'
import { natsOutlet } from './nats.ts'
import type { ExternalEvent, Outlet } from './outlet.ts'

const EVENT: ExternalEvent = { id: 'an-id', verb: 'login', body: '{"verb":"login"}' }
const AGENT = 'Conclave/test'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function outletTo(servers: string, timeout = 5_000, stream: Partial<NatsStream> = {}): Outlet {
  const one = { name: 'one', stream: 'EVENTS', subject: 'chat', replicas: 1, ...stream, servers }
  const outlet = natsOutlet({ streams: [one], timeout, agent: AGENT })
  closing.push(() => outlet.close())
  return outlet
}

async function hand(servers: string, options: object = {}): Promise<NatsConnection> {
  const connection = await connect({ servers, reconnect: false, ...options })
  closing.push(() => connection.close())
  return connection
}

interface Kept {
  readonly sequence: number
  readonly subject: string
  readonly id: string | undefined
  readonly body: string
}

/** What a stream holds. */
async function kept(connection: NatsConnection, stream = 'EVENTS'): Promise<Kept[]> {
  const { streams } = await jetstreamManager(connection)
  const { state } = await streams.info(stream)
  const all: Kept[] = []
  for (let sequence = state.first_seq; sequence <= state.last_seq; sequence++) {
    const message = await streams.getMessage(stream, { seq: sequence })
    if (message)
      all.push({ sequence, subject: message.subject, id: message.header.get('Nats-Msg-Id'), body: message.string() })
  }
  return all
}

async function change(connection: NatsConnection, stream: string, config: Partial<StreamConfig>): Promise<void> {
  const { streams } = await jetstreamManager(connection)
  await streams.update(stream, config)
}

/** Until it is so; a test that waits for what does not come ends by its own time. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(resolve => setTimeout(resolve, 10))
}

suite('nats')('into JetStream', () => {
  // One server for each, so that one of them may stand still.
  const running: Nats[] = []
  const servers: Partial<Record<'one' | 'two', NatsServer>> = {}
  let opened = 0
  beforeAll(async () => {
    for (const name of ['one', 'two'] as const) {
      const nats = await startNats()
      running.push(nats)
      servers[name] = nats.servers[0] as NatsServer
    }
  })
  afterAll(async () => {
    for (const nats of running) await nats.stop()
  })

  outletContract('nats', async () => {
    opened += 1
    const stream = `S${opened}`
    const streams = (['one', 'two'] as const).map(name => {
      const { url } = servers[name] as NatsServer
      return { name, servers: url, stream, subject: `s${opened}`, replicas: 1 }
    })
    const seen: Record<'one' | 'two', { id: string; body: string }[]> = { one: [], two: [] }
    const watching = { one: await watch('one'), two: await watch('two') }
    async function watch(name: 'one' | 'two'): Promise<NatsConnection> {
      const connection = await hand((servers[name] as NatsServer).url)
      connection.subscribe(`s${opened}.>`, {
        callback: (_, message) =>
          void seen[name].push({ id: message.headers?.get('Nats-Msg-Id') ?? '', body: message.string() }),
      })
      await connection.flush()
      const { streams } = await jetstreamManager(connection)
      await streams.add({ name: stream, subjects: [`s${opened}.>`], discard: DiscardPolicy.New })
      return connection
    }
    const CONFIG: Record<Exclude<Behaviour, 'silent'>, Partial<StreamConfig>> = {
      takes: { max_msgs: -1, max_msg_size: -1 },
      refuses: { max_msg_size: 1 },
      unwell: { max_bytes: 1 },
      gone: { sealed: true },
    }
    const outlet = natsOutlet({ streams, timeout: 1_000, agent: AGENT })
    return {
      outlet,
      behave: async (name, behaviour) => {
        if (behaviour === 'silent') await (servers[name] as NatsServer).freeze()
        else await change(watching[name], stream, { max_bytes: -1, ...CONFIG[behaviour] })
      },
      arrived: async name => {
        await watching[name].flush()
        return seen[name]
      },
      close: async () => {
        servers.one?.thaw()
        servers.two?.thaw()
        await outlet.close()
      },
    }
  })
})

suite('nats')('a stream', () => {
  async function server(config?: string): Promise<NatsServer> {
    const nats = await startNats(config === undefined ? {} : { config })
    closing.push(() => nats.stop())
    return nats.servers[0] as NatsServer
  }

  test('is made where it is missing, and holds an event under its verb and id', async () => {
    const { url } = await server()
    expect(await outletTo(url).deliver(EVENT, 'one')).toEqual({ delivered: 'taken' })
    const connection = await hand(url)
    expect(await kept(connection)).toEqual([{ sequence: 1, subject: 'chat.login', id: EVENT.id, body: EVENT.body }])
    const { streams } = await jetstreamManager(connection)
    expect((await streams.info('EVENTS')).config).toMatchObject({
      subjects: ['chat.>'],
      storage: 'file',
      retention: 'limits',
      discard: 'new',
      num_replicas: 1,
    })
  })

  test('that is there is used as it is', async () => {
    const { url } = await server()
    const { streams } = await jetstreamManager(await hand(url))
    const made = await streams.add({ name: 'EVENTS', subjects: ['chat.login'], max_msgs: 5, max_age: 10_000_000_000 })
    const outlet = outletTo(url)
    expect(await outlet.deliver(EVENT, 'one')).toEqual({ delivered: 'taken' })
    expect((await streams.info('EVENTS')).config).toEqual(made.config)
    // It does not take this verb, and nobody else does.
    expect(await outlet.deliver({ ...EVENT, id: 'b', verb: 'join' }, 'one')).toEqual(
      unwell('no stream takes this subject'),
    )
  })

  test('made by two nodes at once is one', async () => {
    const { url } = await server()
    const outlets = [outletTo(url), outletTo(url, 5_000, { replicas: 1 })]
    const told = await Promise.all(outlets.map((outlet, n) => outlet.deliver({ ...EVENT, id: `${n}` }, 'one')))
    expect(told).toEqual([{ delivered: 'taken' }, { delivered: 'taken' }])
    expect((await kept(await hand(url))).length).toBe(2)
  })

  test('that was deleted meanwhile is made again', async () => {
    const { url } = await server()
    const outlet = outletTo(url)
    await outlet.deliver(EVENT, 'one')
    const { streams } = await jetstreamManager(await hand(url))
    await streams.delete('EVENTS')
    expect(await outlet.deliver(EVENT, 'one')).toEqual(unwell('no stream takes this subject'))
    expect(await outlet.deliver(EVENT, 'one')).toEqual({ delivered: 'taken' })
    expect((await streams.info('EVENTS')).state.messages).toBe(1)
  })

  test('holds an event once, however often its answer was lost', async () => {
    const { url, port } = await server()
    const line = await Line.to(port)
    const outlet = outletTo(line.url, 500)
    await outlet.deliver({ ...EVENT, id: 'before' }, 'one')
    const connection = await hand(url)
    const { streams } = await jetstreamManager(connection)
    for (let lost = 0; lost < 3; lost++) {
      line.swallow()
      const told = outlet.deliver(EVENT, 'one')
      // It is there, and nobody hears of it.
      await until(async () => (await streams.info('EVENTS')).state.messages === 2)
      line.cut()
      expect(await told).toEqual(unwell('the connection was cut'))
      line.flow()
      await outlet.deliver({ ...EVENT, id: 'before' }, 'one')
    }
    expect(await outlet.deliver(EVENT, 'one')).toEqual({ delivered: 'taken' })
    expect((await kept(connection)).map(({ id }) => id)).toEqual(['before', EVENT.id])
  })

  test('keeps what it has taken when its server is killed, and knows it again', async () => {
    const running = await server()
    const outlet = outletTo(running.url)
    await outlet.deliver(EVENT, 'one')
    await running.kill()
    expect(await outlet.deliver(EVENT, 'one')).toMatchObject({ delivered: 'unwell' })
    await running.start()
    expect(await outlet.deliver({ ...EVENT, id: 'later' }, 'one')).toEqual({ delivered: 'taken' })
    expect(await outlet.deliver(EVENT, 'one')).toEqual({ delivered: 'taken' })
    expect((await kept(await hand(running.url))).map(({ id }) => id)).toEqual([EVENT.id, 'later'])
  })

  test('that stands still is given up in time, and nothing of it is sent late', async () => {
    const running = await server()
    const outlet = outletTo(running.url, 300)
    await outlet.deliver(EVENT, 'one')
    await running.freeze()
    for (let n = 0; n < 3; n++) {
      const told = await outlet.deliver({ ...EVENT, id: `${n}` }, 'one')
      expect(told.delivered).toBe('unwell')
    }
    running.thaw()
    await until(async () => (await outlet.deliver({ ...EVENT, id: 'last' }, 'one')).delivered === 'taken')
    // The first was under way already; those after it had no connection.
    expect((await kept(await hand(running.url))).map(({ id }) => id)).toEqual([EVENT.id, '0', 'last'])
  })

  test('that is full keeps what it has, and takes more when there is room', async () => {
    const { url } = await server()
    const outlet = outletTo(url)
    await outlet.deliver(EVENT, 'one')
    const connection = await hand(url)
    await change(connection, 'EVENTS', { max_msgs: 1 })
    const full = { ...EVENT, id: 'one more' }
    expect(await outlet.deliver(full, 'one')).toEqual(unwell('the stream is full'))
    await change(connection, 'EVENTS', { max_msgs: 2 })
    expect(await outlet.deliver(full, 'one')).toEqual({ delivered: 'taken' })
    expect((await kept(connection)).map(({ id }) => id)).toEqual([EVENT.id, full.id])
  })

  test('has no room left where JetStream has none', async () => {
    const { url } = await server('jetstream { max_file_store: 50000 }')
    const outlet = outletTo(url)
    // It looks at what it holds before it takes one more.
    expect(await outlet.deliver({ ...EVENT, body: 'x'.repeat(60_000) }, 'one')).toEqual({ delivered: 'taken' })
    expect(await outlet.deliver({ ...EVENT, id: 'b' }, 'one')).toEqual(unwell('JetStream has no room left'))
  })

  test('takes no event that is larger than it, or its server, wants', async () => {
    const { url } = await server('max_payload: 2000')
    const outlet = outletTo(url)
    expect(await outlet.deliver({ ...EVENT, body: 'x'.repeat(2_001) }, 'one')).toEqual({
      delivered: 'refused',
      error: 'the event is larger than NATS takes',
    })
    await change(await hand(url), 'EVENTS', { max_msg_size: 100 })
    expect(await outlet.deliver({ ...EVENT, body: 'x'.repeat(101) }, 'one')).toEqual({
      delivered: 'refused',
      error: 'the event is larger than the stream takes',
    })
    expect(await outlet.deliver(EVENT, 'one')).toEqual({ delivered: 'taken' })
  })

  test('of another name that takes the subject is no place for events', async () => {
    const { url } = await server()
    const connection = await hand(url)
    const { streams } = await jetstreamManager(connection)
    await streams.add({ name: 'OTHER', subjects: ['chat.>'] })
    expect(await outletTo(url).deliver(EVENT, 'one')).toEqual(unwell('another stream takes this subject'))
    await streams.add({ name: 'EVENTS', subjects: ['elsewhere'] })
    expect(await outletTo(url).deliver(EVENT, 'one')).toEqual(unwell('another stream takes this subject'))
    expect((await streams.info('OTHER')).state.messages).toBe(0)
  })

  test('is not believed in where somebody else answers', async () => {
    const { url } = await server()
    const connection = await hand(url)
    const { streams } = await jetstreamManager(connection)
    await streams.add({ name: 'EVENTS', subjects: ['elsewhere'] })
    const answers = ['', 'yes', '{}', '{"stream":"EVENT","seq":1}', '{"stream":"","seq":1}', '[]', 'null']
    for (const answer of answers) {
      const forger = connection.subscribe('chat.>', { callback: (_, message) => void message.respond(answer) })
      await connection.flush()
      expect([answer, (await outletTo(url).deliver(EVENT, 'one')).delivered]).toEqual([answer, 'unwell'])
      forger.unsubscribe()
      await connection.flush()
    }
  })

  test.each([
    ['a wrong password', 'me:wrong@', 'NATS does not let this user in'],
    ['no password', '', 'NATS does not let this user in'],
    ['a user who may not publish there', 'reader:right@', 'NATS forbids this subject'],
  ])('is out of reach with %s, and says so without naming it', async (_, login, reason) => {
    const users = '{ user: me, password: right }, { user: reader, password: right, permissions: { publish: "$JS.>" } }'
    const { url } = await server(`authorization { users: [${users}] }`)
    const made = await jetstreamManager(await hand(url, { user: 'me', pass: 'right' }))
    await made.streams.add({ name: 'EVENTS', subjects: ['chat.>'] })
    expect(await outletTo(url.replace('//', `//${login}`)).deliver(EVENT, 'one')).toEqual(unwell(reason))
    expect(await outletTo(url.replace('//', '//me:right@')).deliver(EVENT, 'one')).toEqual({ delivered: 'taken' })
  })

  test('takes events of a user who may do nothing else', async () => {
    const users = '{ user: me, password: right }, { user: writer, password: right, permissions: { publish: "chat.>" } }'
    const { url } = await server(`authorization { users: [${users}] }`)
    const made = await jetstreamManager(await hand(url, { user: 'me', pass: 'right' }))
    const writer = outletTo(url.replace('//', '//writer:right@'))
    expect(await writer.deliver(EVENT, 'one')).toEqual(unwell('no stream takes this subject'))
    await made.streams.add({ name: 'EVENTS', subjects: ['chat.>'] })
    expect(await writer.deliver(EVENT, 'one')).toEqual({ delivered: 'taken' })
  })

  test('of a server without JetStream, or of none at all, is unwell with our own words', async () => {
    const { url } = await server('accounts: { A: { jetstream: disabled, users: [{ user: a, password: b }] } }')
    const told = await outletTo(url.replace('//', '//a:b@')).deliver(EVENT, 'one')
    expect(told).toEqual(unwell('JetStream is not enabled for this account'))
    const running = await server()
    await running.kill()
    expect(await outletTo(running.url).deliver(EVENT, 'one')).toEqual(unwell('ECONNREFUSED'))
  })

  test('is reached over whichever of its servers there is', async () => {
    const [gone, there] = [await server(), await server()]
    await gone.kill()
    const outlet = outletTo(`${gone.url},${there.url}`)
    for (let n = 0; n < 2; n++)
      expect(await outlet.deliver({ ...EVENT, id: `${n}` }, 'one')).toEqual({ delivered: 'taken' })
  })

  test('that talks nonsense, or hangs up, says nothing of its own', async () => {
    for (const said of ['SECRET nonsense\r\n', 'INFO {"SECRET\r\n', 'INFO {}\r\n-ERR SECRET\r\n', null]) {
      const nonsense = createServer(socket => {
        socket.on('error', () => {})
        if (said === null) socket.destroy()
        else socket.end(said)
      }).listen(0, '127.0.0.1')
      await once(nonsense, 'listening')
      closing.push(() => void nonsense.close())
      const { port } = nonsense.address() as AddressInfo
      const told = await outletTo(`nats://127.0.0.1:${port}`, 500).deliver(EVENT, 'one')
      expect(told.delivered).toBe('unwell')
      expect(JSON.stringify(told)).not.toContain('SECRET')
    }
  })

  test('is told of many at once, each once', async () => {
    const { url } = await server()
    const outlet = outletTo(url)
    const ids = Array.from({ length: 500 }, (_, n) => `event ${n}`)
    const told = await Promise.all(ids.map(id => outlet.deliver({ ...EVENT, id }, 'one')))
    expect(new Set(told.map(({ delivered }) => delivered))).toEqual(new Set(['taken']))
    expect((await kept(await hand(url))).map(({ id }) => id)).toEqual(ids)
  })
})

function unwell(error: string): object {
  return { delivered: 'unwell', error, after: null }
}

/** A line to a server that may lose what the server answers. */
class Line {
  readonly url: string
  readonly #sockets = new Set<Socket>()
  #swallows = false

  static async to(port: number): Promise<Line> {
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    return new Line(listener, port)
  }

  private constructor(listener: Server, port: number) {
    this.url = `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`
    listener.on('connection', client => {
      const server = connectTcp(port, '127.0.0.1')
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(from)
        from.on('error', () => {})
        from.on('close', () => to.destroy())
        from.on('data', chunk => {
          if (from === client || !this.#swallows) to.write(chunk)
        })
      }
    })
    closing.push(() => {
      this.cut()
      listener.close()
    })
  }

  swallow(): void {
    this.#swallows = true
  }

  flow(): void {
    this.#swallows = false
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#sockets.clear()
  }
}
