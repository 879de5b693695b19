// `createChannel`: a public room.

import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { ridOf } from '../names.ts'
import { list } from '../params.ts'
import { createNamed, NAMED_ROOM } from '../rooms/create.ts'
import { roomDocument } from '../rooms/room-document.ts'

const NAME = 'createChannel'
const { name, members, readOnly, customFields, extraData } = NAMED_ROOM

export const createChannel = method({
  name: NAME,
  params: list(name, members, readOnly, customFields, extraData),
  async run(call, [name, members, readOnly, customFields, extraData]) {
    const asked = { name, members, readOnly, customFields, extraData, excludeSelf: false }
    const made = await createNamed(call, 'public', asked, NAME)
    if (made instanceof MeteorError) return made
    return { rid: ridOf(made), inserted: true, ...(await roomDocument(call.gate.parts, made)) }
  },
})
