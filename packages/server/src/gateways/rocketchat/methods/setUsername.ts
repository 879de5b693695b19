// `setUsername`: the name that one is called by.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { saveOwnProfile } from '../users/save.ts'

export const setUsername = method({
  name: 'setUsername',
  params: list(z.string().max(256), z.unknown().optional()),
  async run({ gate, caller }, [username]) {
    const saved = await saveOwnProfile(gate, caller, { username }, undefined)
    return saved instanceof MeteorError ? saved : username
  },
})
