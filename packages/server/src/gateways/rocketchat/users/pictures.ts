// `/avatar/<username>`, `/avatar/uid/<id>` and `/avatar/room/<rid>`: the picture of a user, or the letter that stands for one.
// Whoever has no picture and whoever is not there look alike, so that nobody finds out who there is; rooms have letters alone,
// made of the id that was asked for.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { bug } from '../dispatch.ts'
import type { Gate } from '../gate.ts'
import { ID_TEXT } from '../limits.ts'
import { type Avatar, avatarOf, letterAvatar } from './avatars.ts'
import { personNamed, personWithId } from './find.ts'
import type { Person } from './people.ts'

type Find = (gate: Gate, name: string) => Promise<Person | undefined>

const PATHS: readonly (readonly [string, Find])[] = [
  ['/avatar/:name', personNamed],
  ['/avatar/uid/:name', personWithId],
  ['/avatar/room/:name', async () => undefined],
]

export function pictures(gate: Gate) {
  return async (scope: FastifyInstance): Promise<void> => {
    for (const [url, find] of PATHS)
      scope.route({
        method: ['GET', 'HEAD'],
        url,
        exposeHeadRoute: false,
        handler: async (request, reply) => {
          try {
            const { name } = request.params as { name: string }
            return await send(request, reply, await pictureOf(gate, name.slice(0, ID_TEXT), find))
          } catch (error) {
            bug(gate, 'avatar', error)
            return reply.code(500).send('')
          }
        },
      })
  }
}

async function pictureOf(gate: Gate, name: string, find: Find): Promise<Avatar> {
  // A leading `@` names a user before they have a name of their own.
  const person = await find(gate, name.replace(/^@/, ''))
  return (person && (await avatarOf(gate, person.account.id))) ?? letterAvatar(name)
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { etag, type, bytes }: Avatar,
): Promise<FastifyReply> {
  const tag = `"${etag}"`
  reply
    .header('etag', tag)
    .header('cache-control', 'public, max-age=0, must-revalidate')
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox")
    .header('cross-origin-resource-policy', 'cross-origin')
  if (request.headers['if-none-match'] === tag) return reply.code(304).send()
  return reply.header('content-type', type).send(request.method === 'HEAD' ? '' : bytes)
}
