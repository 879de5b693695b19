import type { Frame } from '../ddp.ts'
import type { Name } from '../start.ts'
import { fresh, KEY, OK, post, web } from './tools.ts'

/** A user of one's own, without keys. */
export async function person(): Promise<{
  id: string
  token: string
  username: string
  api: (
    verb: 'GET' | 'POST',
    path: string,
    body?: unknown,
    more?: Record<string, string>,
  ) => Promise<{ status: number; body: Frame }>
  login: object
}> {
  const username = fresh('p').replaceAll('-', '.')
  const password = 'Long enough 1!'
  const { user } = await post(
    'ada',
    'users.create',
    { username, name: username, email: `${username}@example.org`, password },
    OK,
  )
  const { authToken: token } = (await post(null, 'login', { user: username, password }, { status: 200 })).data
  return {
    id: user._id,
    token,
    username,
    login: { user: { username }, password },
    api: (verb, path, body, more = {}) =>
      web(`/api/v1/${path}`, {
        method: verb,
        headers: {
          'x-user-id': user._id,
          'x-auth-token': token,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...more,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}
export const keysOf = { public_key: 'pub', private_key: 'priv' }
export const SETUP = 'e2e.setUserPublicAndPrivateKeys'

export const reset = (who: Name, rid: string, e2eKeyId = 'N', wanted: object = OK) =>
  post(who, 'e2e.resetRoomKey', { rid, e2eKey: KEY('N'), e2eKeyId }, wanted)
