// Everything that an operator may ask, by name: the command line asks it of a running server or of the store itself.
import { z } from 'zod'
import type { Core } from '../engine/core.ts'
import { createApp } from './apps.ts'
import { exportPart, exportRequest } from './export.ts'
import { importWorld } from './import-world.ts'
import { dropDead, listDead, retryDead } from './outlet.ts'
import { listRooms } from './rooms.ts'
import { listSanctions } from './sanctions.ts'
import { createToken, listTokens, revokeToken } from './tokens.ts'
import { addUser, disableUser, listUsers, OperatorError, removeUser } from './users.ts'

const id = z.strictObject({ id: z.string() })

const REQUESTS: Readonly<Record<string, (core: Core, body: unknown) => Promise<unknown>>> = {
  import: (core, body) => importWorld(core, body),
  export: (core, body) => exportPart(core, exportRequest.parse(body).cursor),
  'user.add': (core, body) =>
    addUser(
      core,
      z
        .strictObject({
          id: z.string().optional(),
          username: z.string(),
          name: z.string().optional(),
          password: z.string().optional(),
          roles: z.array(z.enum(['superuser', 'globalmod', 'admin'])).optional(),
        })
        .parse(body),
    ),
  'user.disable': (core, body) => disableUser(core, id.parse(body).id),
  'user.remove': (core, body) => removeUser(core, id.parse(body).id),
  'user.list': core => listUsers(core),
  'token.create': (core, body) =>
    createToken(
      core,
      z
        .strictObject({
          user: z.string().optional(),
          kind: z.enum(['user', 'service']).optional(),
          scopes: z.array(z.string()).optional(),
          lifetime: z.number().int().min(1).optional(),
        })
        .parse(body),
    ),
  'token.revoke': (core, body) => revokeToken(core, id.parse(body).id),
  'token.list': (core, body) => listTokens(core, z.strictObject({ user: z.string().nullable() }).parse(body).user),
  'app.create': (core, body) =>
    createApp(
      core,
      z
        .strictObject({ id: z.string().optional(), owner: z.string(), redirects: z.array(z.string()).optional() })
        .parse(body),
    ),
  'room.list': core => listRooms(core),
  'sanction.list': core => listSanctions(core),
  'outlet.dead': core => listDead(core),
  'outlet.retry': (core, body) => retryDead(core, id.parse(body).id),
  'outlet.drop': (core, body) => dropDead(core, id.parse(body).id),
}

export async function runRequest(core: Core, name: string, body: unknown): Promise<unknown> {
  const run = Object.hasOwn(REQUESTS, name) ? REQUESTS[name] : undefined
  if (!run) throw new OperatorError(`There is no request "${name}".`)
  return run(core, body)
}
