// `setRealName`: the name that is shown.
import { z } from 'zod'
import { MeteorError } from '../errors.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { saveOwnProfile } from '../users/save.ts'

export const setRealName = method({
  name: 'setRealName',
  params: list(z.string().max(256)),
  async run({ gate, caller }, [realname]) {
    const saved = await saveOwnProfile(gate, caller, { realname }, undefined)
    return saved instanceof MeteorError ? saved : realname.trim()
  },
})
