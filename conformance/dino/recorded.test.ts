// The recorded cases of the real server, one run after the other with each generation of client, against a real server
// process in the recorded world. A case that differs stands in differences.ts.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../server.ts'
import { type Case, RECORDED_CASES } from './cases.ts'
import { DinoClient, type Generation, PATIENCE, type Reply, until } from './client.ts'
import { check, type Outcome } from './compare.ts'
import { DIFFERENCES, reasonOf } from './differences.ts'
import { ACTORS, RECORDED, RECORDED_CONFIG } from './world.ts'

/** In the recording these logged in between the two cases, which the second one's pushes show. */
const LOGGED_IN_BEFORE: Readonly<Record<string, readonly (keyof typeof ACTORS)[]>> = {
  'login-twice-same-socket': ['b', 'c', 'mod', 'chowner', 'gm'],
}

/** Rooms that cases make, under the names by which later ones mean them. */
const MAKES: Readonly<Record<string, string>> = {
  'create-ok': 'r_new',
  'create-with-acl': 'r_acl',
  'create-private': 'r_priv',
}

/** Cases whose request names a message that was sent: by `a`, in this room, just before or by an earlier case. */
const MEANS_MESSAGE: Readonly<Record<string, { readonly room: string; readonly sent: 'now' | 'before' }>> = {
  'received-ok': { room: 'r_priv', sent: 'before' },
  'msg_status-received': { room: 'r_priv', sent: 'before' },
  'read-ok': { room: 'r_priv', sent: 'before' },
  'msg_status-read': { room: 'r_priv', sent: 'before' },
  'received-after-read': { room: 'r_priv', sent: 'before' },
  'msg_status-nodowngrade': { room: 'r_priv', sent: 'before' },
  'msg_status-self': { room: 'r_priv', sent: 'before' },
  'received-room-broadcast': { room: 'r_static', sent: 'now' },
  'read-room-broadcast': { room: 'r_static', sent: 'before' },
  'delete-notallowed': { room: 'r_static', sent: 'before' },
  'delete-sender': { room: 'r_static', sent: 'before' },
  'delete-moderator': { room: 'r_static', sent: 'now' },
  'delete-owner': { room: 'r_static', sent: 'now' },
  'report-ok': { room: 'r_static', sent: 'now' },
  'report-reason': { room: 'r_static', sent: 'before' },
}

/** A list of attachments that is longer than the real server takes. */
const MANY = '<501 x {id: uuid}>'

describe.each<Generation>([2, 4])('as recorded, with socket.io-client %i', generation => {
  let server: TestServer
  const clients = new Map<string, DinoClient>()
  /** Failed log-ins that wait for their end. */
  const replaced: DinoClient[] = []
  const outcomes = new Map<string, Outcome>()
  /** Ids of rooms that cases made, and of the newest message of `a` in a room. */
  const made = new Map<string, string>()
  const messages = new Map<string, string>()

  async function clientOf(actor: string, fresh: boolean): Promise<DinoClient> {
    const known = clients.get(actor)
    if (known && !fresh && !known.disconnected) return known
    if (known) replaced.push(known)
    const client = await DinoClient.open(server.url, { generation })
    clients.set(actor, client)
    return client
  }

  /** Placeholders of a case: `{{name}}` is an id of the world, `<uuid>` one that nobody knows, `<ts>` a time. */
  function filler(isWhole: boolean, meant: string = randomUUID()): (text: unknown) => unknown {
    const fill = (value: unknown): unknown => {
      if (value === MANY) return Array.from({ length: 501 }, () => ({ id: randomUUID() }))
      if (typeof value === 'string') {
        const named = value.replace(/\{\{(\w+)\}\}/g, (_, name) => idOf(name) ?? name)
        return isWhole ? named.replace(/<uuid>/g, meant).replace(/<ts>/g, '2020-01-01T00:00:00Z') : named
      }
      if (Array.isArray(value)) return value.map(fill)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each)]))
    }
    return fill
  }

  /** The message that a case means by `<uuid>`. */
  async function messageFor({ id }: Case): Promise<string | undefined> {
    const meant = MEANS_MESSAGE[id]
    if (!meant) return undefined
    if (meant.sent === 'now') {
      const target = { id: idOf(meant.room), objectType: 'room' }
      const { data } = await (await clientOf('a', false)).request('message', {
        verb: 'send',
        target,
        object: { content: 'aGk=' },
      })
      messages.set(meant.room, data.data.id)
      await Promise.all([...clients.values()].filter(each => !each.disconnected).map(each => each.settle()))
    }
    return messages.get(meant.room)
  }

  function idOf(name: string): string | undefined {
    return made.get(name) ?? server.rooms[name] ?? server.channels[name]
  }

  async function play(one: Case): Promise<Outcome> {
    const message = await messageFor(one)
    const client = await clientOf(one.actor, one.actor === 'l' || one.id === 'login-banned' || one.id === 'connect-1')
    const marks = new Map([...clients].map(([name, each]) => [name, one.id === 'connect-1' ? 0 : each.pushes.length]))
    for (const name of LOGGED_IN_BEFORE[one.id] ?? []) {
      marks.set(name, 0)
      await (await clientOf(name, false)).login(ACTORS[name])
    }
    const fill = filler(true, message)
    const { event, data } = one.request
    const reply: Reply =
      one.id === 'connect-1' ? { ack: null, data: undefined, code: 0 } : await client.request(event, fill(data))
    const makes = MAKES[one.id]
    if (makes) made.set(makes, reply.data.data.target.id)
    if (event === 'message' && reply.code === 200 && one.actor === 'a') {
      const { target, id } = reply.data.data
      for (const room of ['r_static', 'r_priv']) if (target.id === idOf(room)) messages.set(room, id)
    }
    const looksFor = one.expect.disconnected_within_1500ms !== undefined
    const disconnected = looksFor
      ? until(() => client.disconnected || undefined, one.expect.disconnected_within_1500ms ? PATIENCE : 1_500).then(
          ended => ended === true,
        )
      : Promise.resolve(false)
    if (!client.disconnected) await client.settle()
    await Promise.all([...clients.values()].filter(each => !each.disconnected).map(each => each.settle()))
    const answer = `gn_${event}`
    const answers = client.pushes.slice(marks.get(one.actor) ?? 0).filter(push => push.event === answer)
    const pushes = [...clients].flatMap(([to, each]) =>
      each.pushes
        .slice(marks.get(to) ?? 0)
        .filter(push =>
          push.event === 'gn_connect'
            ? one.id === 'connect-1' && to === 'x'
            : push.event !== answer && push.event !== 'gn_login',
        )
        .map(push => ({ to, ...push })),
    )
    return { reply, answers, pushes, disconnected, fill, ids: filler(false) }
  }

  beforeAll(async () => {
    server = await startServer({ world: RECORDED, config: RECORDED_CONFIG })
    for (const one of RECORDED_CASES) {
      if (DIFFERENCES[one.id]?.code !== null) outcomes.set(one.id, await play(one))
    }
  })

  afterAll(async () => {
    for (const client of [...clients.values(), ...replaced]) client.close()
    await server.remove()
  })

  for (const one of RECORDED_CASES) {
    const difference = DIFFERENCES[one.id]
    if (difference) test.skip(`${one.id} # ${reasonOf(difference)}`, () => {})
    else test(one.id, () => check(one, outcomes.get(one.id) as Outcome))
  }

  test('what differs is answered as the table of differences says', () => {
    for (const one of RECORDED_CASES) {
      const difference = DIFFERENCES[one.id]
      if (!difference || difference.code === null) continue
      expect([one.id, difference.seed !== undefined || one.upstream_defect !== undefined]).toEqual([one.id, true])
      const { reply, answers } = outcomes.get(one.id) as Outcome
      expect([one.id, reply.code]).toEqual([one.id, difference.code])
      expect(answers.map(each => each.data)).toEqual([reply.data])
    }
  })
})
