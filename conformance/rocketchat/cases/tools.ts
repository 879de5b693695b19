// What the recorded cases share: one server, raw clients that are closed after each case, calls of REST.
import { expect } from 'vitest'
import type { TestServer } from '../../server.ts'
import { Ddp, rest } from '../ddp.ts'
import { IDS, type Name, start, tokenOf } from '../start.ts'

/** By the case's id. */
export type Cases = Readonly<Record<string, () => Promise<unknown>>>

// Read by the cases after `begin` has run.
export let server: TestServer
export let general: string
export let secret: string
const clients: Ddp[] = []
let made = 0

export async function begin(): Promise<void> {
  server = await start()
  general = server.rooms.general as string
  secret = server.rooms.secret as string
}

export function closeClients(): void {
  for (const client of clients.splice(0)) client.close()
}

const kept = (client: Ddp): Ddp => {
  clients.push(client)
  return client
}

export const opened = async (): Promise<Ddp> => kept(await Ddp.open(server.url))
export const framed = async (): Promise<Ddp> => kept(await Ddp.open(server.url, {}, '/sockjs/123/abcdefgh/websocket'))
export const connected = async (): Promise<Ddp> => kept(await Ddp.connect(server.url))
export const as = async (name: Name): Promise<Ddp> => kept(await Ddp.as(server.url, name))
export const headers = (name: Name) => ({ id: IDS[name], token: tokenOf(name) })
export const api = (name: Name | null, verb: 'GET' | 'POST', path: string, body?: unknown) =>
  rest(server.url, name && headers(name), verb, `v1/${path}`, body)
export const sealedRoom = async (alice: Ddp, members: string[] = ['bob']): Promise<string> =>
  (await alice.call('createPrivateGroup', `case ${made++}`, members, false, {}, { encrypted: true })).rid
export const nobody = { status: 401, body: { status: 'error', message: 'You must be logged in to do this.' } }
export const quiet = () => new Promise(resolve => setTimeout(resolve, 150))
export const loggedInOverRest = (body: unknown) => async () => {
  const answer = await api(null, 'POST', 'login', body)
  expect(answer).toMatchObject({ status: 200, type: 'application/json', body: { status: 'success' } })
  const { userId, authToken, me } = answer.body.data
  expect([userId, typeof authToken, me._id]).toEqual([IDS.alice, 'string', IDS.alice])
  for (const field of 'username name status roles emails active settings statusText language customFields'.split(' '))
    expect(me).toHaveProperty(field)
}
