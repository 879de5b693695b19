// `createPrivateGroup`: a private group, encrypted from its first moment where `extraData` says so.
import { z } from 'zod'
import { isRejection } from '../../../room/rejection.ts'
import { createRoom, usersNamed } from '../create.ts'
import { suiteOfNew } from '../encryption.ts'
import { errorOf, MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { fullNameOf, ridOf, slugOf, typeOf } from '../names.ts'
import { list, name, usernames } from '../params.ts'

const extraData = z.object({ encrypted: z.boolean().optional(), topic: z.string().max(1_024).optional() })

export const createPrivateGroup = method({
  name: 'createPrivateGroup',
  params: list(name, usernames.nullish(), z.unknown().optional(), z.unknown().optional(), extraData.nullish()),
  async run(call, [roomName, members, , , extra]) {
    const { account } = call.caller
    const suite = suiteOfNew(call.gate, 'p', extra?.encrypted)
    if (suite instanceof MeteorError) return suite
    const others = await usersNamed(call.gate.parts, members ?? [])
    const room = await createRoom(call, {
      kind: 'private',
      suite,
      name: roomName,
      topic: extra?.topic ?? '',
      members: [...new Set([account.id, ...others])],
      owners: [account.id],
      pair: null,
    })
    if (isRejection(room)) return errorOf(room, 'createPrivateGroup')
    return { rid: ridOf(room), name: slugOf(fullNameOf(room)), t: typeOf(room) }
  },
})
