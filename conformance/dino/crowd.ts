// A world of people for the tests about them, and what they do in it, each with a real client.
import { expect } from 'vitest'
import { startServer, type TestServer, type World } from '../server.ts'
import { base64, DinoClient, type Generation, plain } from './client.ts'

const user = (id: string, more: object = {}) => ({ id, username: `user${id}`, tokens: [`tok${id}`], ...more })
const room = (ref: string, more: object = {}) => ({ ref, channel: 'c', name: `${ref} room`, owners: ['9'], ...more })

const WORLD: World = {
  users: [
    user('1', { attributes: { age: '30', city: 'Bern' } }),
    user('2'),
    user('3'),
    user('4', { excluded: ['1'] }),
    user('5', { roles: ['superuser'] }),
    user('6', { roles: ['globalmod'] }),
    user('7', { excluded: ['1'], roles: ['superuser'] }),
    user('8', { excluded: ['9'] }),
    user('9'),
    user('11'),
    user('10', { attributes: { age: '20' } }),
  ],
  channels: [{ ref: 'c', name: 'channel' }],
  rooms: [
    room('plain'),
    room('other'),
    room('old', { acls: [{ action: 'join', type: 'age', value: '30:' }] }),
    room('young', { acls: [{ action: 'join', type: 'age', value: ':29' }] }),
    room('private', { kind: 'private', owners: ['1', '2'] }),
    room('closed', { acls: [{ action: 'join', type: 'disallow', value: '' }] }),
    room('mine', { owners: ['1'] }),
  ],
}

/** Answers, as opposed to pushes. */
const ANSWERS = new Set(
  [
    'status',
    'join',
    'leave',
    'message',
    'login',
    'update_user_info',
    'users_in_room',
    'list_rooms',
    'received',
    'read',
  ].map(event => `gn_${event}`),
)

export interface Listed {
  readonly id: string
  readonly objectType: string
  readonly content: string
  readonly attachments: readonly { readonly objectType: string; readonly content: string }[]
}

export class Crowd {
  readonly server: TestServer
  readonly clients: DinoClient[] = []

  private constructor(server: TestServer) {
    this.server = server
  }

  static async start(): Promise<Crowd> {
    return new Crowd(await startServer({ world: WORLD }))
  }

  /** Everybody goes; whoever stayed invisible would be so in the next test. */
  async disperse(): Promise<void> {
    for (const client of this.clients) if (!client.disconnected) await status(client, 'online')
    for (const client of this.clients.splice(0)) client.close()
  }

  async open(generation: Generation = 4): Promise<DinoClient> {
    const client = await DinoClient.open(this.server.url, { generation })
    this.clients.push(client)
    return client
  }

  async loggedIn(id: string, generation: Generation = 4): Promise<DinoClient> {
    const client = await this.open(generation)
    expect((await client.login(id)).code).toBe(200)
    return client
  }

  /** Logged in and inside of rooms. */
  async inside(id: string, rooms: readonly string[] = ['plain'], generation: Generation = 4): Promise<DinoClient> {
    const client = await this.loggedIn(id, generation)
    for (const ref of rooms) expect((await client.request('join', this.at(ref))).code).toBe(200)
    return client
  }

  at(ref: string): { readonly verb: string; readonly target: object } {
    return { verb: 'x', target: { id: this.server.rooms[ref] } }
  }

  say(ref: string, text: string): object {
    const target = { id: this.server.rooms[ref], objectType: 'room' }
    return { verb: 'send', target, object: { content: base64(text) } }
  }

  async usersIn(client: DinoClient, ref = 'plain'): Promise<readonly Listed[]> {
    const { data } = await client.request('users_in_room', this.at(ref))
    return data.data.object.attachments
  }

  async idsIn(client: DinoClient, ref = 'plain'): Promise<string[]> {
    return (await this.usersIn(client, ref)).map(({ id }) => id).sort((a, b) => Number(a) - Number(b))
  }

  async roomsOf(client: DinoClient): Promise<readonly { readonly id: string; readonly summary: number }[]> {
    const { data } = await client.request('list_rooms', { verb: 'list', object: { url: this.server.channels.c } })
    return data.data.object.attachments
  }

  async countOf(client: DinoClient, ref = 'plain'): Promise<number | undefined> {
    return (await this.roomsOf(client)).find(({ id }) => id === this.server.rooms[ref])?.summary
  }

  async detailsOf(client: DinoClient, id: string, ref = 'plain'): Promise<Record<string, string>> {
    const found = (await this.usersIn(client, ref)).find(each => each.id === id)
    return Object.fromEntries((found?.attachments ?? []).map(({ objectType, content }) => [objectType, plain(content)]))
  }
}

export function status(client: DinoClient, verb: string): ReturnType<DinoClient['request']> {
  return client.request('status', { verb })
}

/** `update_user_info` with these plain texts. */
export function info(details: Readonly<Record<string, string>>, more: object = {}): object {
  return {
    verb: 'update',
    object: {
      objectType: 'userInfo',
      attachments: Object.entries(details).map(([objectType, text]) => ({ objectType, content: base64(text) })),
    },
    ...more,
  }
}

/** Everything that was sent before has arrived everywhere; then nothing of it counts any more. */
export async function quiet(...all: DinoClient[]): Promise<void> {
  for (const client of all) await client.settle()
  for (const client of all) client.pushes.length = 0
}

/** The names of pushes that came. */
export async function heard(client: DinoClient): Promise<string[]> {
  await client.settle()
  return client.pushes.map(({ event }) => event).filter(event => !ANSWERS.has(event))
}
